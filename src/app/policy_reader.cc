#include "app/policy_reader.h"

#include <optional>
#include <utility>

#include "app/config_values.h"

namespace gateway::app {
namespace {

constexpr std::uint64_t kMaxPriority = 1'000'000;

// A policy with nothing wrong with it, to try one part of another in.
model::Policy Blank() {
  return {.id = "policy", .rule_type = model::RuleType::kNone, .group = "group"};
}

Expected<std::string> Accept(std::string_view text, const model::Policy& policy) {
  if (auto valid = model::Validate(policy); !valid) {
    return std::unexpected(std::move(valid).error());
  }
  return std::string(text);
}

Expected<int> ParsePriority(std::string_view text) {
  const bool negative = text.starts_with('-');
  const auto number = ParseCount(negative ? text.substr(1) : text, 0, kMaxPriority);
  if (number) return static_cast<int>(*number) * (negative ? -1 : 1);
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("'{}' is not a priority; allowed: a whole number from -{} to {}", text,
                          kMaxPriority, kMaxPriority),
              Origin::kClient);
}

}  // namespace

void PolicyReader::Read(MapReader& map, model::Policy& policy) {
  map.Read("priority", policy.priority, ParsePriority);
  // Read first, as a policy with conditions needs no rule.
  if (const auto conditions = map.Take("conditions")) {
    for (const auto& element : reader_.ReadList(*conditions)) ReadCondition(element, policy);
    policy.rule_type = model::RuleType::kNone;
    if (const auto rule = map.Take("rule")) ReadRule(*rule, policy);
  } else if (const auto rule = map.Require("rule")) {
    ReadRule(*rule, policy);
    if (policy.rule_type == model::RuleType::kNone) {
      reader_.Report(*rule,
                     "a policy without conditions needs a rule: else it would match every "
                     "query");
    }
  }
  map.Read("reject_message", policy.reject_message, [](std::string_view text) {
    auto candidate = Blank();
    candidate.conditions = {{.values = {"user"}}};
    candidate.reject_message = text;
    return Accept(text, candidate);
  });
  map.Read("set_request_source", policy.set_request_source, ParseUser);
  map.Read("mode", policy.mode, model::ParseMode);
  map.Read("auth_delegated", policy.auth_delegated, ParseBool);
  if (const auto headers = map.Take("headers")) {
    for (const auto& element : reader_.ReadList(*headers)) ReadHeader(element, policy);
  }
}

void PolicyReader::ReadRule(const Value& value, model::Policy& policy) {
  MapReader map(reader_, value);
  std::optional<model::RuleType> type;
  if (const auto name = map.Require("type")) type = reader_.Read(*name, model::ParseRuleType);
  if (type == model::RuleType::kNone) {
    policy.rule_type = *type;
    return;
  }
  const auto rule_value = map.Require("value");
  if (!rule_value) return;
  // Without a type only the form of the value can be checked: as a rule that takes any text.
  policy.rule_type = type.value_or(model::RuleType::kHeaderHost);
  const auto parse = [&policy](std::string_view text) {
    auto candidate = Blank();
    candidate.rule_type = policy.rule_type;
    candidate.rule_value = text;
    return Accept(text, candidate);
  };
  if (auto parsed = reader_.Read(*rule_value, parse)) policy.rule_value = *std::move(parsed);
}

void PolicyReader::ReadCondition(const Value& value, model::Policy& policy) {
  MapReader map(reader_, value);
  model::Condition condition;
  std::optional<model::ConditionType> type;
  if (const auto name = map.Require("type")) type = reader_.Read(*name, model::ParseConditionType);
  map.Read("name", condition.name, ParseText);
  map.Read("not", condition.negated, ParseBool);
  const auto single = map.Take("value");
  const auto list = map.Take("values");
  if (!type) return;
  condition.type = *type;
  if (single && list) {
    reader_.Report(value, "has both 'value' and 'values'; write one of them");
    return;
  }
  if (single) ReadConditionValue(*single, condition);
  if (list) {
    const auto elements = reader_.ReadList(*list);
    for (const auto& element : elements) ReadConditionValue(element, condition);
    // For a header, no values mean any value: not what an empty list says.
    if (list->node.IsSequence() && elements.empty()) {
      reader_.Report(*list, "the list is empty, so the condition would never hold");
      return;
    }
  }
  auto candidate = Blank();
  candidate.conditions = {condition};
  const bool bad_values = (single || list) && condition.values.empty();  // which was reported
  if (const auto valid = model::Validate(candidate); !valid && !bad_values) {
    reader_.Report(value, valid.error().message);
  }
  policy.conditions.push_back(std::move(condition));
}

void PolicyReader::ReadConditionValue(const Value& value, model::Condition& condition) {
  const auto parse = [&condition](std::string_view text) {
    auto candidate = Blank();
    // The name may be missing; that is told about the condition, not about its value.
    const bool named = condition.type == model::ConditionType::kHeader ||
                       condition.type == model::ConditionType::kSessionProperty;
    candidate.conditions = {
        {.type = condition.type, .name = named ? "name" : "", .values = {std::string(text)}}};
    return Accept(text, candidate);
  };
  if (auto parsed = reader_.Read(value, parse)) condition.values.push_back(*std::move(parsed));
}

void PolicyReader::ReadHeader(const Value& value, model::Policy& policy) {
  MapReader map(reader_, value);
  model::HeaderAction action;
  const auto accept = [](std::string_view text, model::HeaderAction candidate_action) {
    auto candidate = Blank();
    candidate.conditions = {{.values = {"user"}}};
    candidate.headers = {std::move(candidate_action)};
    return Accept(text, candidate);
  };
  if (const auto name = map.Require("name")) {
    const auto parse = [&](std::string_view text) {
      return accept(text, {std::string(text), std::nullopt});
    };
    if (auto parsed = reader_.Read(*name, parse)) action.name = *std::move(parsed);
  }
  map.Read("value", action.value,
           [&](std::string_view text) { return accept(text, {"name", std::string(text)}); });
  bool remove = false;
  map.Read("remove", remove, ParseBool);
  if (remove == action.value.has_value()) {
    reader_.Report(value, "needs either a 'value' to set or 'remove: true'");
  }
  if (!action.name.empty()) policy.headers.push_back(std::move(action));
}

}  // namespace gateway::app
