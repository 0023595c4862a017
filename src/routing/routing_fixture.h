// Builds configurations and asks for decisions. For *_test.cc only.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/fake_clock.h"
#include "base/strings.h"
#include "model/registry.h"
#include "routing/decision.h"
#include "routing/policies.h"

namespace gateway::routing {

// Header lines of a request, and the callback that looks them up.
class FakeHeaders {
 public:
  FakeHeaders() = default;
  explicit FakeHeaders(std::vector<std::pair<std::string, std::string>> lines)
      : lines_(std::move(lines)) {}

  bool operator()(std::string_view name, FunctionRef<bool(std::string_view)> holds) const {
    for (const auto& [line_name, value] : lines_) {
      if (EqualsIgnoreCase(line_name, name) && holds(value)) return true;
    }
    return false;
  }

 private:
  std::vector<std::pair<std::string, std::string>> lines_;
};

// Ids of groups, joined by blanks.
inline std::string IdsOf(const GroupChoice& choice) {
  std::string ids;
  for (const auto* group : choice.groups) ids += (ids.empty() ? "" : " ") + group->group.id;
  return ids;
}

inline model::Group& AddGroup(model::Configuration& configuration, const std::string& id) {
  auto& group = configuration.groups.emplace_back();
  group.id = id;
  return group;
}

inline model::Policy& AddPolicy(model::Configuration& configuration,
                                const std::string& id,
                                model::RuleType type,
                                const std::string& value,
                                const std::string& group) {
  auto& policy = configuration.policies.emplace_back();
  policy.id = id;
  policy.rule_type = type;
  policy.rule_value = value;
  policy.group = group;
  return policy;
}

}  // namespace gateway::routing
