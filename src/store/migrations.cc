#include "store/migrations.h"

#include <algorithm>
#include <chrono>
#include <ranges>

#include <fmt/format.h>
#include <soci/soci.h>

#include "store/database.h"
#include "store/schema.h"
#include "store/timestamps.h"

namespace gateway::store {
namespace {

using std::chrono::milliseconds;

// Long enough for another gateway's migration, which is a few statements.
constexpr milliseconds kBusyTimeout{10'000};

// In a transaction of its own: where the table exists this only reads, and SQLite lets a
// transaction that began with a read fail at once, instead of wait, when it needs the write lock.
Expected<void> CreateVersionTable(Database& database) {
  return database.Transact("cannot create the schema version",
                           [](soci::session& sql) -> Expected<void> {
                             sql << R"(CREATE TABLE IF NOT EXISTS schema_version (
                                         version INTEGER NOT NULL PRIMARY KEY,
                                         name VARCHAR(64) NOT NULL,
                                         applied_at BIGINT NOT NULL))";
                             return {};
                           });
}

// The applied steps, in order. Takes the database's write lock first, so that what is read stays
// true until the transaction ends; so it must be the first thing that a transaction does.
std::vector<MigrationState> LockAndReadApplied(soci::session& sql) {
  sql << "UPDATE schema_version SET version = version";

  std::vector<MigrationState> applied;
  MigrationState row;
  long long applied_at = 0;
  soci::statement rows =
      (sql.prepare << "SELECT version, name, applied_at FROM schema_version ORDER BY version",
       soci::into(row.version), soci::into(row.name), soci::into(applied_at));
  rows.execute();
  while (rows.fetch()) {
    row.applied = FromMillis(applied_at);
    applied.push_back(row);
  }
  return applied;
}

int VersionOf(const std::vector<MigrationState>& applied) {
  return applied.empty() ? 0 : applied.back().version;
}

Expected<void> RefuseNewer(int version) {
  if (version <= NewestSchemaVersion()) return {};
  return Fail(
      ErrorCode::kUnsupported,
      fmt::format("the database has schema version {}, this trino-gateway knows versions up "
                  "to {}: run the newer trino-gateway, or take its schema back with the "
                  "newer one's 'migrate down'",
                  version, NewestSchemaVersion()),
      Origin::kStore);
}

void Apply(soci::session& sql, const Migration& step, Clock::WallTime now) {
  for (const auto statement : step.up) sql << statement;
  const std::string name(step.name);
  const auto applied_at = ToMillis(now);
  sql << "INSERT INTO schema_version (version, name, applied_at) VALUES (:version, :name, :at)",
      soci::use(step.version), soci::use(name), soci::use(applied_at);
}

void TakeBack(soci::session& sql, const Migration& step) {
  for (const auto statement : step.down) sql << statement;
  sql << "DELETE FROM schema_version WHERE version = :version", soci::use(step.version);
}

Expected<std::vector<MigrationState>> TakeBackNewest(soci::session& sql, int steps) {
  auto applied = LockAndReadApplied(sql);
  if (auto known = RefuseNewer(VersionOf(applied)); !known) return std::unexpected(known.error());
  if (steps < 1 || std::cmp_greater(steps, applied.size())) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("cannot take back {} migrations: {} are applied", steps, applied.size()),
        Origin::kClient);
  }
  std::ranges::reverse(applied);
  applied.resize(static_cast<std::size_t>(steps));
  for (const auto& state : applied) {
    TakeBack(sql, Migrations()[static_cast<std::size_t>(state.version - 1)]);
  }
  return applied;
}

// Opens `url` and runs `body(session)` in a transaction.
template <typename Body>
auto OnDatabase(std::string_view url, std::string_view what, Body body)
    -> decltype(body(std::declval<soci::session&>())) {
  auto database = Database::Open(url, kBusyTimeout);
  if (!database) return std::unexpected(database.error());
  if (auto created = CreateVersionTable(**database); !created) {
    return std::unexpected(created.error());
  }
  return (*database)->Transact(what, body);
}

}  // namespace

int NewestSchemaVersion() { return Migrations().back().version; }

Expected<std::vector<MigrationState>> MigrateUp(Database& database, const Clock& clock) {
  using Result = Expected<std::vector<MigrationState>>;
  if (auto created = CreateVersionTable(database); !created) {
    return std::unexpected(created.error());
  }
  return database.Transact("cannot migrate the database", [&](soci::session& sql) -> Result {
    const auto version = VersionOf(LockAndReadApplied(sql));
    if (auto known = RefuseNewer(version); !known) return std::unexpected(known.error());
    std::vector<MigrationState> done;
    for (const auto& step : Migrations()) {
      if (step.version <= version) continue;
      Apply(sql, step, clock.WallNow());
      done.push_back({step.version, std::string(step.name), clock.WallNow()});
    }
    return done;
  });
}

Expected<std::vector<MigrationState>> MigrateUp(std::string_view url, const Clock& clock) {
  auto database = Database::Open(url, kBusyTimeout);
  if (!database) return std::unexpected(database.error());
  return MigrateUp(**database, clock);
}

Expected<std::vector<MigrationState>> MigrateDown(std::string_view url, int steps) {
  return OnDatabase(url, "cannot take migrations back",
                    [&](soci::session& sql) { return TakeBackNewest(sql, steps); });
}

Expected<std::vector<MigrationState>> MigrationStatus(std::string_view url) {
  using Result = Expected<std::vector<MigrationState>>;
  return OnDatabase(url, "cannot read the schema version", [](soci::session& sql) -> Result {
    auto states = LockAndReadApplied(sql);
    for (const auto& step : Migrations()) {
      if (std::ranges::find(states, step.version, &MigrationState::version) != states.end()) {
        continue;
      }
      states.push_back({step.version, std::string(step.name), std::nullopt});
    }
    std::ranges::sort(states, {}, &MigrationState::version);
    return states;
  });
}

Expected<int> SchemaVersion(std::string_view url) {
  return OnDatabase(url, "cannot read the schema version", [](soci::session& sql) -> Expected<int> {
    return VersionOf(LockAndReadApplied(sql));
  });
}

}  // namespace gateway::store
