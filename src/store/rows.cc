#include "store/rows.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "store/settings.h"
#include "store/timestamps.h"

namespace gateway::store {
namespace {

using Damages = std::vector<Damage>;

// The columns that all kinds have.
struct Common {
  std::string settings;
  soci::indicator has_settings = soci::i_null;  // null: written before there were any
  int enabled = 0;
  unsigned long long version = 0;

  template <typename Object>
  Expected<void> Into(Object& object) const {
    object.enabled = enabled != 0;
    object.version = version;
    return ReadSettings(has_settings == soci::i_ok ? settings : std::string(), object);
  }
};

// Was the row read? If not, it is noted.
bool Keep(const Expected<void>& read, Kind kind, std::string_view id, Damages& damaged) {
  if (!read) damaged.push_back({kind, std::string(id), read.error().message});
  return read.has_value();
}

void DisableInvalid(model::Policy& policy, Damages& damaged) {
  const auto valid = ValidateStored(policy);
  if (valid || !policy.enabled) return;
  policy.enabled = false;
  damaged.push_back({Kind::kPolicy, policy.id, valid.error().message, true});
}

std::vector<model::Backend> ReadBackends(soci::session& sql, Damages& damaged) {
  std::vector<model::Backend> backends;
  std::string id;
  std::string url;
  Common common;
  soci::statement rows =
      (sql.prepare << "SELECT id, url, enabled, version, settings FROM backends", soci::into(id),
       soci::into(url), soci::into(common.enabled), soci::into(common.version),
       soci::into(common.settings, common.has_settings));
  rows.execute();
  while (rows.fetch()) {
    model::Backend backend{.id = id};
    auto read = common.Into(backend);
    if (auto parsed = ParseUrl(url)) {
      backend.url = *std::move(parsed);
    } else {
      read = std::unexpected(std::move(parsed).error());
    }
    // Older gateways stored any number; what is above will never be reached.
    backend.load_limit = std::clamp(backend.load_limit, 0.0, model::kMaxLoadLimit);
    if (Keep(read, Kind::kBackend, id, damaged)) backends.push_back(std::move(backend));
  }
  std::ranges::sort(backends, {}, &model::Backend::id);
  return backends;
}

std::map<std::string, std::vector<std::string>> ReadMembers(soci::session& sql) {
  std::map<std::string, std::vector<std::string>> members;
  std::string group_id;
  std::string backend_id;
  soci::statement rows =
      (sql.prepare << "SELECT group_id, backend_id FROM group_backends ORDER BY group_id, position",
       soci::into(group_id), soci::into(backend_id));
  rows.execute();
  while (rows.fetch()) members[group_id].push_back(backend_id);
  return members;
}

std::vector<model::Group> ReadGroups(soci::session& sql, Damages& damaged) {
  std::vector<model::Group> groups;
  auto members = ReadMembers(sql);
  std::string id;
  std::string strategy;
  Common common;
  soci::statement rows =
      (sql.prepare << "SELECT id, strategy, enabled, version, settings FROM groups_",
       soci::into(id), soci::into(strategy), soci::into(common.enabled), soci::into(common.version),
       soci::into(common.settings, common.has_settings));
  rows.execute();
  while (rows.fetch()) {
    model::Group group{.id = id, .backends = std::move(members[id])};
    auto read = common.Into(group);
    if (auto parsed = model::ParseStrategy(strategy)) {
      group.strategy = *parsed;
    } else {
      read = std::unexpected(std::move(parsed).error());
    }
    if (Keep(read, Kind::kGroup, id, damaged)) groups.push_back(std::move(group));
  }
  std::ranges::sort(groups, {}, &model::Group::id);
  return groups;
}

std::vector<model::Policy> ReadPolicies(soci::session& sql, Damages& damaged) {
  std::vector<model::Policy> policies;
  model::Policy row;
  std::string type;
  Common common;
  soci::statement rows =
      (sql.prepare << "SELECT id, rule_type, rule_value, group_id, fallback_group_id, enabled, "
                      "version, settings FROM policies",
       soci::into(row.id), soci::into(type), soci::into(row.rule_value), soci::into(row.group),
       soci::into(row.fallback_group), soci::into(common.enabled), soci::into(common.version),
       soci::into(common.settings, common.has_settings));
  rows.execute();
  while (rows.fetch()) {
    auto policy = row;
    auto read = common.Into(policy);
    if (auto parsed = model::ParseRuleType(type)) {
      policy.rule_type = *parsed;
    } else {
      read = std::unexpected(std::move(parsed).error());
    }
    if (!Keep(read, Kind::kPolicy, row.id, damaged)) continue;
    DisableInvalid(policy, damaged);
    policies.push_back(std::move(policy));
  }
  std::ranges::sort(policies, {}, &model::Policy::id);
  return policies;
}

std::vector<model::Rule> ReadRules(soci::session& sql, Damages& damaged) {
  std::vector<model::Rule> rules;
  model::Rule row;
  Common common;
  soci::statement rows =
      (sql.prepare << "SELECT id, script, enabled, version, settings FROM rules",
       soci::into(row.id), soci::into(row.script), soci::into(common.enabled),
       soci::into(common.version), soci::into(common.settings, common.has_settings));
  rows.execute();
  while (rows.fetch()) {
    auto rule = row;
    const auto read = common.Into(rule);
    if (Keep(read, Kind::kRule, row.id, damaged)) rules.push_back(std::move(rule));
  }
  std::ranges::sort(rules, {}, &model::Rule::id);
  return rules;
}

void WriteMembers(soci::session& sql, const model::Group& group, long long now) {
  sql << "DELETE FROM group_backends WHERE group_id = :id", soci::use(group.id);
  for (int position = 0; const auto& backend_id : group.backends) {
    sql << "INSERT INTO group_backends (group_id, backend_id, position, created_at, updated_at) "
           "VALUES (:group_id, :backend_id, :position, :created, :updated)",
        soci::use(group.id), soci::use(backend_id), soci::use(position), soci::use(now),
        soci::use(now);
    ++position;
  }
}

std::string_view TableOf(Kind kind) {
  switch (kind) {
    case Kind::kBackend:
      return "backends";
    case Kind::kGroup:
      return "groups_";
    case Kind::kPolicy:
      return "policies";
    case Kind::kRule:
      return "rules";
  }
  return {};
}

}  // namespace

StoredConfiguration ReadConfiguration(soci::session& sql, std::uint64_t counter) {
  auto read = std::make_shared<model::Configuration>();
  StoredConfiguration stored{.configuration = read, .counter = counter};
  read->backends = ReadBackends(sql, stored.damaged);
  read->groups = ReadGroups(sql, stored.damaged);
  read->policies = ReadPolicies(sql, stored.damaged);
  read->rules = ReadRules(sql, stored.damaged);
  return stored;
}

// The parameters of an INSERT and of its UPDATE stand in the same order.

void WriteRow(soci::session& sql, const model::Backend& backend, bool exists, Clock::WallTime at) {
  const auto url = backend.url.ToString();
  const int enabled = backend.enabled ? 1 : 0;
  const auto settings = WriteSettings(backend);
  const unsigned long long version = backend.version;
  const auto now = ToMillis(at);
  if (!exists) {
    sql << "INSERT INTO backends (url, enabled, settings, version, updated_at, id, created_at) "
           "VALUES (:url, :enabled, :settings, :version, :updated, :id, :created)",
        soci::use(url), soci::use(enabled), soci::use(settings), soci::use(version), soci::use(now),
        soci::use(backend.id), soci::use(now);
    return;
  }
  sql << "UPDATE backends SET url = :url, enabled = :enabled, settings = :settings, "
         "version = :version, updated_at = :updated WHERE id = :id",
      soci::use(url), soci::use(enabled), soci::use(settings), soci::use(version), soci::use(now),
      soci::use(backend.id);
}

void WriteRow(soci::session& sql, const model::Group& group, bool exists, Clock::WallTime at) {
  const std::string strategy(NameOf(group.strategy));
  const int enabled = group.enabled ? 1 : 0;
  const auto settings = WriteSettings(group);
  const unsigned long long version = group.version;
  const auto now = ToMillis(at);
  if (!exists) {
    sql << "INSERT INTO groups_ (strategy, enabled, settings, version, updated_at, id, created_at) "
           "VALUES (:strategy, :enabled, :settings, :version, :updated, :id, :created)",
        soci::use(strategy), soci::use(enabled), soci::use(settings), soci::use(version),
        soci::use(now), soci::use(group.id), soci::use(now);
  } else {
    sql << "UPDATE groups_ SET strategy = :strategy, enabled = :enabled, settings = :settings, "
           "version = :version, updated_at = :updated WHERE id = :id",
        soci::use(strategy), soci::use(enabled), soci::use(settings), soci::use(version),
        soci::use(now), soci::use(group.id);
  }
  WriteMembers(sql, group, now);
}

void WriteRow(soci::session& sql, const model::Policy& policy, bool exists, Clock::WallTime at) {
  const std::string type(NameOf(policy.rule_type));
  const int enabled = policy.enabled ? 1 : 0;
  const auto settings = WriteSettings(policy);
  const unsigned long long version = policy.version;
  const auto now = ToMillis(at);
  if (!exists) {
    sql << "INSERT INTO policies (rule_type, rule_value, group_id, fallback_group_id, enabled, "
           "settings, version, updated_at, id, created_at) VALUES (:type, :value, :group_id, "
           ":fallback, :enabled, :settings, :version, :updated, :id, :created)",
        soci::use(type), soci::use(policy.rule_value), soci::use(policy.group),
        soci::use(policy.fallback_group), soci::use(enabled), soci::use(settings),
        soci::use(version), soci::use(now), soci::use(policy.id), soci::use(now);
    return;
  }
  sql << "UPDATE policies SET rule_type = :type, rule_value = :value, group_id = :group_id, "
         "fallback_group_id = :fallback, enabled = :enabled, settings = :settings, "
         "version = :version, updated_at = :updated WHERE id = :id",
      soci::use(type), soci::use(policy.rule_value), soci::use(policy.group),
      soci::use(policy.fallback_group), soci::use(enabled), soci::use(settings), soci::use(version),
      soci::use(now), soci::use(policy.id);
}

void WriteRow(soci::session& sql, const model::Rule& rule, bool exists, Clock::WallTime at) {
  const int enabled = rule.enabled ? 1 : 0;
  const auto settings = WriteSettings(rule);
  const unsigned long long version = rule.version;
  const auto now = ToMillis(at);
  if (!exists) {
    sql << "INSERT INTO rules (script, enabled, settings, version, updated_at, id, created_at) "
           "VALUES (:script, :enabled, :settings, :version, :updated, :id, :created)",
        soci::use(rule.script), soci::use(enabled), soci::use(settings), soci::use(version),
        soci::use(now), soci::use(rule.id), soci::use(now);
    return;
  }
  sql << "UPDATE rules SET script = :script, enabled = :enabled, settings = :settings, "
         "version = :version, updated_at = :updated WHERE id = :id",
      soci::use(rule.script), soci::use(enabled), soci::use(settings), soci::use(version),
      soci::use(now), soci::use(rule.id);
}

void DeleteRow(soci::session& sql, Kind kind, std::string_view id) {
  const std::string key(id);
  if (kind == Kind::kBackend) {
    sql << "DELETE FROM coordinator_suffixes WHERE backend_id = :id", soci::use(key);
    sql << "DELETE FROM backend_marks WHERE backend_id = :id", soci::use(key);
    sql << "DELETE FROM probe_results WHERE backend_id = :id", soci::use(key);
  }
  if (kind == Kind::kGroup) {
    sql << "DELETE FROM group_backends WHERE group_id = :id", soci::use(key);
  }
  sql << fmt::format("DELETE FROM {} WHERE id = :id", TableOf(kind)), soci::use(key);
}

}  // namespace gateway::store
