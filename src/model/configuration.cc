#include "model/configuration.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/strings.h"

namespace gateway::model {
namespace {

template <typename T>
struct Named {
  std::string_view name;
  T value;
};

constexpr std::array kStrategies = {
    Named{"round_robin", Strategy::kRoundRobin},
    Named{"random", Strategy::kRandom},
    Named{"least_load", Strategy::kLeastLoad},
};

constexpr std::array kRuleTypes = {
    Named{"listening_port", RuleType::kListeningPort},
    Named{"header_host", RuleType::kHeaderHost},
    Named{"header_client_tags", RuleType::kHeaderClientTags},
    Named{"header_connection_properties", RuleType::kHeaderConnectionProperties},
};

template <typename Table, typename T>
std::string_view NameIn(const Table& table, T value) {
  return std::ranges::find(table, value, &Table::value_type::value)->name;
}

template <typename Table>
auto ParseIn(const Table& table, std::string_view what, std::string_view name)
    -> Expected<decltype(table[0].value)> {
  const auto found = std::ranges::find(table, name, &Table::value_type::name);
  if (found != table.end()) return found->value;
  std::string allowed;
  for (const auto& entry : table) {
    allowed += allowed.empty() ? "" : ", ";
    allowed += entry.name;
  }
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("unknown {} '{}'; allowed: {}", what, name, allowed), Origin::kClient);
}

Expected<void> ValidateId(std::string_view field, std::string_view id) {
  if (IsValidId(id)) return {};
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("{} '{}' is not allowed: {}", field, id, kIdRule), Origin::kClient);
}

}  // namespace

std::string_view NameOf(Strategy strategy) { return NameIn(kStrategies, strategy); }
std::string_view NameOf(RuleType type) { return NameIn(kRuleTypes, type); }
std::string_view NameOf(Source source) { return source == Source::kFile ? "file" : "store"; }

Expected<Strategy> ParseStrategy(std::string_view name) {
  return ParseIn(kStrategies, "strategy", name);
}

Expected<RuleType> ParseRuleType(std::string_view name) {
  return ParseIn(kRuleTypes, "rule type", name);
}

Expected<void> Validate(const Backend& backend) { return ValidateId("id", backend.id); }

Expected<void> Validate(const Group& group) {
  if (auto valid = ValidateId("id", group.id); !valid) return valid;
  std::set<std::string_view> seen;
  for (const auto& id : group.backends) {
    if (auto valid = ValidateId("backends", id); !valid) return valid;
    if (!seen.insert(id).second) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("backends names '{}' twice; name each backend once", id),
                  Origin::kClient);
    }
  }
  return {};
}

Expected<void> Validate(const Policy& policy) {
  if (auto valid = ValidateId("id", policy.id); !valid) return valid;
  if (auto valid = ValidateId("group", policy.group); !valid) return valid;
  if (!policy.fallback_group.empty()) {
    if (auto valid = ValidateId("fallback_group", policy.fallback_group); !valid) return valid;
  }
  if (policy.rule_value.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "rule value must not be empty", Origin::kClient);
  }
  if (policy.rule_type == RuleType::kListeningPort) {
    const auto port = ParseDecimal(policy.rule_value);
    if (!port || *port == 0 || *port > 65535) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("rule value '{}' is not a port: listening_port takes 1 to 65535",
                              policy.rule_value),
                  Origin::kClient);
    }
  }
  return {};
}

}  // namespace gateway::model
