#include "admin/references.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "admin/kinds.h"
#include "base/ranges.h"

namespace gateway::admin {
namespace {

// Referrers that a message names; the rest is counted.
constexpr std::size_t kShownUsers = 10;

std::unexpected<Error> DoesNotExist(std::string_view field,
                                    std::string_view kind,
                                    std::string_view id) {
  return Fail(
      ErrorCode::kInvalidArgument,
      fmt::format("{} names {} '{}', which does not exist; create it first", field, kind, id),
      Origin::kClient);
}

Expected<void> Free(std::string_view kind, std::string_view id, std::vector<std::string> users) {
  if (users.empty()) return {};
  const auto more = users.size() > kShownUsers ? users.size() - kShownUsers : 0;
  users.resize(users.size() - more);
  return Fail(ErrorCode::kConflict,
              fmt::format("{} '{}' is used by {}{}; change that first", kind, id,
                          fmt::join(users, ", "), more ? fmt::format(" and {} more", more) : ""),
              Origin::kClient);
}

// Where else an object of the file is declared.
template <typename T>
std::string ScriptOf(const T&) {
  return {};
}
template <>
std::string ScriptOf(const model::Rule& rule) {
  return fmt::format(", its script in {}", rule.file);
}

bool Uses(const model::Policy& policy, std::string_view group) {
  return policy.group == group || policy.fallback_group == group ||
         Contains(policy.more_fallback_groups, group);
}

}  // namespace

template <typename T>
Expected<void> CheckIsOurs(const Declared& declared, std::string_view id) {
  const auto* object = FindIn<T>(declared.file(), id);
  if (!object) return {};
  return Fail(ErrorCode::kConflict,
              fmt::format("{} '{}' is declared in the configuration file{}; change it there",
                          kKindName<T>, id, ScriptOf(*object)),
              Origin::kClient);
}
template Expected<void> CheckIsOurs<model::Backend>(const Declared&, std::string_view);
template Expected<void> CheckIsOurs<model::Group>(const Declared&, std::string_view);
template Expected<void> CheckIsOurs<model::Policy>(const Declared&, std::string_view);
template Expected<void> CheckIsOurs<model::Rule>(const Declared&, std::string_view);

Expected<void> CheckReferences(const model::Backend&, const model::Backend*, const Declared&) {
  return {};
}

Expected<void> CheckReferences(const model::Group& group,
                               const model::Group* old,
                               const Declared& declared) {
  for (const auto& id : group.backends) {
    if (old && Contains(old->backends, id)) continue;
    if (!declared.Has<model::Backend>(id)) return DoesNotExist("backends", "backend", id);
  }
  for (const auto& id : group.fallback_groups) {
    if (old && Contains(old->fallback_groups, id)) continue;
    if (!declared.Has<model::Group>(id)) return DoesNotExist("fallback_groups", "group", id);
  }
  return {};
}

Expected<void> CheckReferences(const model::Policy& policy,
                               const model::Policy* old,
                               const Declared& declared) {
  const auto missing = [&](const std::string& id) {
    return !id.empty() && !(old && Uses(*old, id)) && !declared.Has<model::Group>(id);
  };
  if (missing(policy.group)) return DoesNotExist("group", "group", policy.group);
  if (missing(policy.fallback_group)) {
    return DoesNotExist("fallback_group", "group", policy.fallback_group);
  }
  for (const auto& id : policy.more_fallback_groups) {
    if (missing(id)) return DoesNotExist("more_fallback_groups", "group", id);
  }
  return {};
}

Expected<void> CheckReferences(const model::Rule&,
                               const model::Rule* old,
                               const Declared& declared) {
  const auto& stored = declared.stored().rules;
  if (old || stored.size() < model::kMaxRules) return {};
  return Fail(ErrorCode::kConflict,
              fmt::format("there are {} rules already; delete one first", stored.size()),
              Origin::kClient);
}

template <>
Expected<void> CheckIsFree<model::Backend>(const Declared& declared,
                                           std::string_view,
                                           std::string_view id) {
  std::vector<std::string> users;
  declared.ForEach<model::Group>([&](const model::Group& group) {
    if (Contains(group.backends, id)) users.push_back(fmt::format("group '{}'", group.id));
  });
  return Free("backend", id, std::move(users));
}

template <>
Expected<void> CheckIsFree<model::Group>(const Declared& declared,
                                         std::string_view default_group,
                                         std::string_view id) {
  std::vector<std::string> users;
  declared.ForEach<model::Group>([&](const model::Group& group) {
    if (Contains(group.fallback_groups, id)) users.push_back(fmt::format("group '{}'", group.id));
  });
  declared.ForEach<model::Policy>([&](const model::Policy& policy) {
    if (Uses(policy, id)) users.push_back(fmt::format("policy '{}'", policy.id));
  });
  if (default_group == id) users.emplace_back("routing.default_group of the configuration file");
  return Free("group", id, std::move(users));
}

template <>
Expected<void> CheckIsFree<model::Policy>(const Declared&, std::string_view, std::string_view) {
  return {};
}

template <>
Expected<void> CheckIsFree<model::Rule>(const Declared&, std::string_view, std::string_view) {
  return {};
}

}  // namespace gateway::admin
