#include "store/rows.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace gateway::store {
namespace {

std::unexpected<Error> Damaged(std::string_view kind, std::string_view id, const Error& cause) {
  return Fail(
      ErrorCode::kInternal,
      fmt::format("the database holds {} '{}' with a bad value: {}", kind, id, cause.message),
      Origin::kStore);
}

void ReadMembers(soci::session& sql, std::vector<model::Group>& groups) {
  std::string group_id;
  std::string backend_id;
  soci::statement rows =
      (sql.prepare << "SELECT group_id, backend_id FROM group_backends ORDER BY group_id, position",
       soci::into(group_id), soci::into(backend_id));
  rows.execute();
  while (rows.fetch()) {
    // Always there: a foreign key leads to it.
    const auto group = std::ranges::find(groups, group_id, &model::Group::id);
    if (group != groups.end()) group->backends.push_back(backend_id);
  }
}

}  // namespace

Expected<std::vector<model::Backend>> ReadBackends(soci::session& sql) {
  std::vector<model::Backend> backends;
  model::Backend row;
  std::string url;
  int enabled = 0;
  soci::statement rows = (sql.prepare << "SELECT id, url, enabled FROM backends ORDER BY id",
                          soci::into(row.id), soci::into(url), soci::into(enabled));
  rows.execute();
  while (rows.fetch()) {
    auto parsed = ParseUrl(url);
    if (!parsed) return Damaged("backend", row.id, parsed.error());
    row.url = *std::move(parsed);
    row.enabled = enabled != 0;
    backends.push_back(row);
  }
  return backends;
}

Expected<std::vector<model::Group>> ReadGroups(soci::session& sql) {
  std::vector<model::Group> groups;
  model::Group row;
  std::string strategy;
  int enabled = 0;
  soci::statement rows = (sql.prepare << "SELECT id, strategy, enabled FROM groups_ ORDER BY id",
                          soci::into(row.id), soci::into(strategy), soci::into(enabled));
  rows.execute();
  while (rows.fetch()) {
    const auto parsed = model::ParseStrategy(strategy);
    if (!parsed) return Damaged("group", row.id, parsed.error());
    row.strategy = *parsed;
    row.enabled = enabled != 0;
    groups.push_back(row);
  }
  ReadMembers(sql, groups);
  return groups;
}

Expected<std::vector<model::Policy>> ReadPolicies(soci::session& sql) {
  std::vector<model::Policy> policies;
  model::Policy row;
  std::string type;
  int enabled = 0;
  soci::statement rows =
      (sql.prepare << "SELECT id, rule_type, rule_value, group_id, "
                      "fallback_group_id, enabled FROM policies ORDER BY id",
       soci::into(row.id), soci::into(type), soci::into(row.rule_value), soci::into(row.group),
       soci::into(row.fallback_group), soci::into(enabled));
  rows.execute();
  while (rows.fetch()) {
    const auto parsed = model::ParseRuleType(type);
    if (!parsed) return Damaged("policy", row.id, parsed.error());
    row.rule_type = *parsed;
    row.enabled = enabled != 0;
    policies.push_back(row);
  }
  return policies;
}

}  // namespace gateway::store
