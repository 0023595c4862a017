#include "model/configuration.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/ranges.h"
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
    Named{"weighted_round_robin", Strategy::kWeightedRoundRobin},
    Named{"least_in_flight", Strategy::kLeastInFlight},
    Named{"hash", Strategy::kHash},
};

constexpr std::array kHashKeys = {
    Named{"user", HashKey::kUser},
    Named{"source", HashKey::kSource},
    Named{"session", HashKey::kSession},
    Named{"tables", HashKey::kTables},
};

constexpr std::array kModes = {
    Named{"proxy", Mode::kProxy},
    Named{"direct", Mode::kDirect},
};

constexpr std::array kRuleTypes = {
    Named{"listening_port", RuleType::kListeningPort},
    Named{"header_host", RuleType::kHeaderHost},
    Named{"header_client_tags", RuleType::kHeaderClientTags},
    Named{"header_connection_properties", RuleType::kHeaderConnectionProperties},
    Named{"none", RuleType::kNone},
};

constexpr std::array kConditionTypes = {
    Named{"user", ConditionType::kUser},
    Named{"user_regex", ConditionType::kUserRegex},
    Named{"source", ConditionType::kSource},
    Named{"routing_group", ConditionType::kRoutingGroup},
    Named{"client_address", ConditionType::kClientAddress},
    Named{"header", ConditionType::kHeader},
    Named{"session_property", ConditionType::kSessionProperty},
    Named{"catalog", ConditionType::kCatalog},
    Named{"schema", ConditionType::kSchema},
    Named{"table", ConditionType::kTable},
    Named{"query_type", ConditionType::kQueryType},
    Named{"query_category", ConditionType::kQueryCategory},
    Named{"read_only", ConditionType::kReadOnly},
    Named{"text_size", ConditionType::kTextSize},
    Named{"time_window", ConditionType::kTimeWindow},
};

// Bounds of what one object may hold: enough for people, little for a snapshot.
constexpr std::size_t kMaxConditions = 32;
constexpr std::size_t kMaxValues = 256;
constexpr std::size_t kMaxText = 4096;
constexpr int kMaxWeight = 1000;

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

std::unexpected<Error> Invalid(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), Origin::kClient);
}

Expected<void> ValidateId(std::string_view field, std::string_view id) {
  if (IsValidId(id)) return {};
  return Invalid(fmt::format("{} '{}' is not allowed: {}", field, id, kIdRule));
}

Expected<void> ValidateIds(std::string_view field, const std::vector<std::string>& ids) {
  std::set<std::string_view> seen;
  for (const auto& id : ids) {
    if (auto valid = ValidateId(field, id); !valid) return valid;
    if (!seen.insert(id).second) {
      return Invalid(fmt::format("{} names '{}' twice; name each once", field, id));
    }
  }
  return {};
}

// Text that is stored, logged and sent in headers.
Expected<void> ValidateText(std::string_view field, std::string_view text) {
  if (text.size() > kMaxText) {
    return Invalid(fmt::format("{} has {} bytes; allowed: {}", field, text.size(), kMaxText));
  }
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(text, control)) {
    return Invalid(fmt::format("{} has a control character; allowed: one line of text", field));
  }
  return {};
}

Expected<void> ValidateWeights(const Group& group) {
  for (const auto& [id, weight] : group.weights) {
    if (!Contains(group.backends, id)) {
      return Invalid(fmt::format("weights names '{}', which is not one of the backends", id));
    }
    if (weight < 0 || weight > kMaxWeight) {
      return Invalid(
          fmt::format("weight {} of '{}' is not allowed: 0 to {}", weight, id, kMaxWeight));
    }
  }
  return {};
}

Expected<void> ValidateRule(const Policy& policy) {
  if (policy.rule_type == RuleType::kNone) {
    if (!policy.rule_value.empty()) return Invalid("rule value must be empty for type none");
    if (policy.conditions.empty()) {
      return Invalid("a policy needs a rule or conditions: else it would match every query");
    }
    return {};
  }
  if (policy.rule_value.empty()) return Invalid("rule value must not be empty");
  if (auto valid = ValidateText("rule value", policy.rule_value); !valid) return valid;
  if (policy.rule_type == RuleType::kListeningPort) {
    const auto port = ParseDecimal(policy.rule_value);
    if (!port || *port == 0 || *port > 65535) {
      return Invalid(fmt::format("rule value '{}' is not a port: listening_port takes 1 to 65535",
                                 policy.rule_value));
    }
  }
  return {};
}

bool TakesName(ConditionType type) {
  return type == ConditionType::kHeader || type == ConditionType::kSessionProperty;
}

Expected<void> ValidateCondition(const Condition& condition) {
  const auto type = NameOf(condition.type);
  if (TakesName(condition.type) == condition.name.empty()) {
    return Invalid(fmt::format("a condition of type {} {} name", type,
                               condition.name.empty() ? "needs a" : "takes no"));
  }
  if (condition.values.empty() && !TakesName(condition.type)) {
    return Invalid(fmt::format("a condition of type {} needs at least one value", type));
  }
  if (condition.values.size() > kMaxValues) {
    return Invalid(
        fmt::format("a condition has {} values; allowed: {}", condition.values.size(), kMaxValues));
  }
  if (auto valid = ValidateText("condition name", condition.name); !valid) return valid;
  for (const auto& value : condition.values) {
    if (auto valid = ValidateText("condition value", value); !valid) return valid;
  }
  return {};
}

Expected<void> ValidateConditions(const Policy& policy) {
  if (policy.conditions.size() > kMaxConditions) {
    return Invalid(fmt::format("a policy has {} conditions; allowed: {}", policy.conditions.size(),
                               kMaxConditions));
  }
  for (const auto& condition : policy.conditions) {
    if (auto valid = ValidateCondition(condition); !valid) return valid;
  }
  return {};
}

Expected<void> ValidateTarget(const Policy& policy) {
  if (policy.group.empty() && policy.reject_message.empty()) {
    return Invalid(fmt::format("group '' is not allowed: {}", kIdRule));
  }
  if (!policy.group.empty()) {
    if (auto valid = ValidateId("group", policy.group); !valid) return valid;
  }
  if (!policy.fallback_group.empty()) {
    if (auto valid = ValidateId("fallback_group", policy.fallback_group); !valid) return valid;
  }
  return ValidateIds("more_fallback_groups", policy.more_fallback_groups);
}

Expected<void> ValidateActions(const Policy& policy) {
  if (auto valid = ValidateText("reject_message", policy.reject_message); !valid) return valid;
  if (auto valid = ValidateText("set_request_source", policy.set_request_source); !valid) {
    return valid;
  }
  if (policy.headers.size() > kMaxConditions) {
    return Invalid(fmt::format("a policy changes {} headers; allowed: {}", policy.headers.size(),
                               kMaxConditions));
  }
  for (const auto& action : policy.headers) {
    if (action.name.empty()) return Invalid("a header to change needs a name");
    if (auto valid = ValidateText("header name", action.name); !valid) return valid;
    if (!action.value) continue;
    if (auto valid = ValidateText("header value", *action.value); !valid) return valid;
  }
  return {};
}

}  // namespace

std::string_view NameOf(Strategy strategy) { return NameIn(kStrategies, strategy); }
std::string_view NameOf(HashKey key) { return NameIn(kHashKeys, key); }
std::string_view NameOf(Mode mode) { return NameIn(kModes, mode); }
std::string_view NameOf(RuleType type) { return NameIn(kRuleTypes, type); }
std::string_view NameOf(ConditionType type) { return NameIn(kConditionTypes, type); }
std::string_view NameOf(Source source) { return source == Source::kFile ? "file" : "store"; }

Expected<Strategy> ParseStrategy(std::string_view name) {
  return ParseIn(kStrategies, "strategy", name);
}

Expected<HashKey> ParseHashKey(std::string_view name) {
  return ParseIn(kHashKeys, "hash key", name);
}

Expected<Mode> ParseMode(std::string_view name) { return ParseIn(kModes, "mode", name); }

Expected<RuleType> ParseRuleType(std::string_view name) {
  return ParseIn(kRuleTypes, "rule type", name);
}

Expected<ConditionType> ParseConditionType(std::string_view name) {
  return ParseIn(kConditionTypes, "condition type", name);
}

Expected<void> Validate(const Backend& backend) {
  if (auto valid = ValidateId("id", backend.id); !valid) return valid;
  if (!(backend.load_limit >= 0)) {
    return Invalid(
        fmt::format("load_limit {} is not allowed: 0 (none) or more", backend.load_limit));
  }
  if (auto valid = ValidateText("external_url", backend.external_url); !valid) return valid;
  return ValidateText("uptime_schedule", backend.uptime_schedule);
}

Expected<void> Validate(const Group& group) {
  if (auto valid = ValidateId("id", group.id); !valid) return valid;
  if (auto valid = ValidateIds("backends", group.backends); !valid) return valid;
  if (auto valid = ValidateIds("fallback_groups", group.fallback_groups); !valid) return valid;
  if (Contains(group.fallback_groups, group.id)) {
    return Invalid(fmt::format("group '{}' cannot be its own fallback", group.id));
  }
  if (group.slow_start < std::chrono::milliseconds(0)) {
    return Invalid("slow_start must not be negative");
  }
  return ValidateWeights(group);
}

Expected<void> Validate(const Policy& policy) {
  if (auto valid = ValidateId("id", policy.id); !valid) return valid;
  if (auto valid = ValidateTarget(policy); !valid) return valid;
  if (auto valid = ValidateRule(policy); !valid) return valid;
  if (auto valid = ValidateConditions(policy); !valid) return valid;
  return ValidateActions(policy);
}

}  // namespace gateway::model
