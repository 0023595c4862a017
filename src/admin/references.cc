#include "admin/references.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/ranges.h"

namespace gateway::admin {
namespace {

template <typename T>
Expected<void> CheckIsOurs(const std::vector<T>& file, std::string_view kind, std::string_view id) {
  for (const auto& object : file) {
    if (object.id == id) {
      return Fail(
          ErrorCode::kConflict,
          fmt::format("{} '{}' is declared in the configuration file; change it there", kind, id),
          Origin::kClient);
    }
  }
  return {};
}

std::unexpected<Error> DoesNotExist(std::string_view field,
                                    std::string_view kind,
                                    std::string_view id) {
  return Fail(
      ErrorCode::kInvalidArgument,
      fmt::format("{} names {} '{}', which does not exist; create it first", field, kind, id),
      Origin::kClient);
}

std::unexpected<Error> InUse(std::string_view kind,
                             std::string_view id,
                             const std::vector<std::string>& users) {
  return Fail(
      ErrorCode::kConflict,
      fmt::format("{} '{}' is used by {}; change that first", kind, id, fmt::join(users, ", ")),
      Origin::kClient);
}

}  // namespace

Expected<void> CheckBackendIsOurs(const model::Configuration& file, std::string_view id) {
  return CheckIsOurs(file.backends, "backend", id);
}

Expected<void> CheckGroupIsOurs(const model::Configuration& file, std::string_view id) {
  return CheckIsOurs(file.groups, "group", id);
}

Expected<void> CheckPolicyIsOurs(const model::Configuration& file, std::string_view id) {
  return CheckIsOurs(file.policies, "policy", id);
}

Expected<void> CheckReferences(const model::Group& group, const model::Snapshot& snapshot) {
  for (const auto& id : group.backends) {
    if (!snapshot.FindBackend(id)) return DoesNotExist("backends", "backend", id);
  }
  return {};
}

Expected<void> CheckReferences(const model::Policy& policy, const model::Snapshot& snapshot) {
  if (!snapshot.FindGroup(policy.group)) return DoesNotExist("group", "group", policy.group);
  if (!policy.fallback_group.empty() && !snapshot.FindGroup(policy.fallback_group)) {
    return DoesNotExist("fallback_group", "group", policy.fallback_group);
  }
  return {};
}

Expected<void> CheckBackendIsFree(const model::Snapshot& snapshot, std::string_view id) {
  std::vector<std::string> users;
  for (const auto& state : snapshot.groups()) {
    if (Contains(state.group.backends, id)) {
      users.push_back(fmt::format("group '{}'", state.group.id));
    }
  }
  if (!users.empty()) return InUse("backend", id, users);
  return {};
}

Expected<void> CheckGroupIsFree(const model::Snapshot& snapshot, std::string_view id) {
  std::vector<std::string> users;
  for (const auto& policy : snapshot.policies()) {
    if (policy.group == id || policy.fallback_group == id) {
      users.push_back(fmt::format("policy '{}'", policy.id));
    }
  }
  if (snapshot.default_group() == id) {
    users.emplace_back("routing.default_group of the configuration file");
  }
  if (!users.empty()) return InUse("group", id, users);
  return {};
}

}  // namespace gateway::admin
