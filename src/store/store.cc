#include "store/store.h"

#include <utility>

#include <fmt/format.h>
#include <soci/soci.h>

#include "store/database.h"
#include "store/migrations.h"
#include "store/rows.h"
#include "store/timestamps.h"

namespace gateway::store {
namespace {

// Makes "it exists already" name the object.
Expected<void> NameDuplicate(Expected<void> result, std::string_view kind, std::string_view id) {
  if (result || result.error().code != ErrorCode::kAlreadyExists) return result;
  return Fail(ErrorCode::kAlreadyExists, fmt::format("{} '{}' exists already", kind, id),
              Origin::kStore);
}

// `statement` deletes by its one parameter.
Expected<void> DeleteOne(soci::session& sql,
                         std::string_view statement,
                         std::string_view kind,
                         std::string_view id) {
  const std::string key(id);
  soci::statement deletion = (sql.prepare << statement, soci::use(key));
  deletion.execute(true);
  if (deletion.get_affected_rows() > 0) return {};
  return Fail(ErrorCode::kNotFound, fmt::format("{} '{}' does not exist", kind, id),
              Origin::kStore);
}

void InsertMembers(soci::session& sql, const model::Group& group, long long now) {
  for (int position = 0; const auto& backend_id : group.backends) {
    sql << "INSERT INTO group_backends (group_id, backend_id, position, created_at, updated_at) "
           "VALUES (:group_id, :backend_id, :position, :created, :updated)",
        soci::use(group.id), soci::use(backend_id), soci::use(position), soci::use(now),
        soci::use(now);
    ++position;
  }
}

}  // namespace

Expected<std::unique_ptr<Store>> Store::Open(std::string_view url,
                                             const Clock& clock,
                                             std::chrono::milliseconds busy_timeout) {
  auto database = Database::Open(url, busy_timeout);
  if (!database) return std::unexpected(database.error());
  if (auto migrated = MigrateUp(**database, clock); !migrated) {
    return std::unexpected(migrated.error());
  }
  return std::unique_ptr<Store>(new Store(*std::move(database), clock));
}

Store::Store(std::unique_ptr<Database> database, const Clock& clock)
    : clock_(clock), database_(std::move(database)) {}

Store::~Store() = default;

Expected<model::Configuration> Store::LoadConfiguration() {
  using Result = Expected<model::Configuration>;
  const std::lock_guard lock(mutex_);
  return database_->Transact("cannot read the configuration", [](soci::session& sql) -> Result {
    auto backends = ReadBackends(sql);
    if (!backends) return std::unexpected(backends.error());
    auto groups = ReadGroups(sql);
    if (!groups) return std::unexpected(groups.error());
    auto policies = ReadPolicies(sql);
    if (!policies) return std::unexpected(policies.error());
    return model::Configuration{*std::move(backends), *std::move(groups), *std::move(policies)};
  });
}

Expected<void> Store::CreateBackend(const model::Backend& backend) {
  const std::lock_guard lock(mutex_);
  const auto what = fmt::format("cannot save backend '{}'", backend.id);
  auto saved = database_->Transact(what, [&](soci::session& sql) -> Expected<void> {
    const auto url = backend.url.ToString();
    const int enabled = backend.enabled ? 1 : 0;
    const auto now = ToMillis(clock_.WallNow());
    sql << "INSERT INTO backends (id, url, enabled, created_at, updated_at) "
           "VALUES (:id, :url, :enabled, :created, :updated)",
        soci::use(backend.id), soci::use(url), soci::use(enabled), soci::use(now), soci::use(now);
    return {};
  });
  return NameDuplicate(std::move(saved), "backend", backend.id);
}

Expected<void> Store::CreateGroup(const model::Group& group) {
  const std::lock_guard lock(mutex_);
  const auto what = fmt::format("cannot save group '{}'", group.id);
  auto saved = database_->Transact(what, [&](soci::session& sql) -> Expected<void> {
    const std::string strategy(NameOf(group.strategy));
    const int enabled = group.enabled ? 1 : 0;
    const auto now = ToMillis(clock_.WallNow());
    sql << "INSERT INTO groups_ (id, strategy, enabled, created_at, updated_at) "
           "VALUES (:id, :strategy, :enabled, :created, :updated)",
        soci::use(group.id), soci::use(strategy), soci::use(enabled), soci::use(now),
        soci::use(now);
    InsertMembers(sql, group, now);
    return {};
  });
  return NameDuplicate(std::move(saved), "group", group.id);
}

Expected<void> Store::CreatePolicy(const model::Policy& policy) {
  const std::lock_guard lock(mutex_);
  const auto what = fmt::format("cannot save policy '{}'", policy.id);
  auto saved = database_->Transact(what, [&](soci::session& sql) -> Expected<void> {
    const std::string type(NameOf(policy.rule_type));
    const int enabled = policy.enabled ? 1 : 0;
    const auto now = ToMillis(clock_.WallNow());
    sql << "INSERT INTO policies (id, rule_type, rule_value, group_id, fallback_group_id, enabled, "
           "created_at, updated_at) "
           "VALUES (:id, :type, :value, :group_id, :fallback, :enabled, :created, :updated)",
        soci::use(policy.id), soci::use(type), soci::use(policy.rule_value),
        soci::use(policy.group), soci::use(policy.fallback_group), soci::use(enabled),
        soci::use(now), soci::use(now);
    return {};
  });
  return NameDuplicate(std::move(saved), "policy", policy.id);
}

Expected<void> Store::DeleteBackend(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto what = fmt::format("cannot delete backend '{}'", id);
  return database_->Transact(what, [&](soci::session& sql) -> Expected<void> {
    const std::string backend_id(id);
    sql << "DELETE FROM coordinator_suffixes WHERE backend_id = :id", soci::use(backend_id);
    return DeleteOne(sql, "DELETE FROM backends WHERE id = :id", "backend", id);
  });
}

Expected<void> Store::DeleteGroup(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto what = fmt::format("cannot delete group '{}'", id);
  return database_->Transact(what, [&](soci::session& sql) {
    return DeleteOne(sql, "DELETE FROM groups_ WHERE id = :id", "group", id);
  });
}

Expected<void> Store::DeletePolicy(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto what = fmt::format("cannot delete policy '{}'", id);
  return database_->Transact(what, [&](soci::session& sql) {
    return DeleteOne(sql, "DELETE FROM policies WHERE id = :id", "policy", id);
  });
}

Expected<void> Store::SaveSuffix(std::string_view suffix, std::string_view backend_id) {
  const std::lock_guard lock(mutex_);
  const auto what = fmt::format("cannot save the suffix of backend '{}'", backend_id);
  return database_->Transact(what, [&](soci::session& sql) -> Expected<void> {
    const std::string key(suffix);
    const std::string owner(backend_id);
    const auto now = ToMillis(clock_.WallNow());
    const auto oldest = ToMillis(clock_.WallNow() - kSuffixRetention);
    // Delete and insert, as each database spells "insert or update" in its own way.
    sql << "DELETE FROM coordinator_suffixes "
           "WHERE seen_at < :oldest OR (suffix = :suffix AND backend_id = :owner)",
        soci::use(oldest), soci::use(key), soci::use(owner);
    sql << "INSERT INTO coordinator_suffixes (suffix, backend_id, seen_at) "
           "VALUES (:suffix, :owner, :seen)",
        soci::use(key), soci::use(owner), soci::use(now);
    return {};
  });
}

Expected<std::vector<SuffixSighting>> Store::LoadSuffixes() {
  using Result = Expected<std::vector<SuffixSighting>>;
  const std::lock_guard lock(mutex_);
  return database_->Transact("cannot read suffixes", [&](soci::session& sql) -> Result {
    std::vector<SuffixSighting> sightings;
    SuffixSighting row;
    long long seen = 0;
    const auto oldest = ToMillis(clock_.WallNow() - kSuffixRetention);
    soci::statement rows =
        (sql.prepare << "SELECT suffix, backend_id, seen_at "
                        "FROM coordinator_suffixes WHERE seen_at >= :oldest "
                        "ORDER BY seen_at, suffix, backend_id",
         soci::use(oldest), soci::into(row.suffix), soci::into(row.backend_id), soci::into(seen));
    rows.execute();
    while (rows.fetch()) {
      row.seen = FromMillis(seen);
      sightings.push_back(row);
    }
    return sightings;
  });
}

}  // namespace gateway::store
