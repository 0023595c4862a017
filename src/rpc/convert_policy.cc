#include "rpc/convert_policy.h"

#include "rpc/convert.h"
#include "rpc/enum_names.h"

namespace gateway::rpc {
namespace {

using Rule = v1::Policy::Rule;
using Condition = v1::Policy::Condition;

model::RuleType FromProto(Rule::RuleType type) {
  switch (type) {
    case Rule::listening_port:
      return model::RuleType::kListeningPort;
    case Rule::header_host:
      return model::RuleType::kHeaderHost;
    case Rule::header_client_tags:
      return model::RuleType::kHeaderClientTags;
    case Rule::none:
      return model::RuleType::kNone;
    default:
      return model::RuleType::kHeaderConnectionProperties;
  }
}

// The two enums have the same order.
static_assert(static_cast<int>(model::ConditionType::kUser) == Condition::user);
static_assert(static_cast<int>(model::ConditionType::kHeader) == Condition::header);
static_assert(static_cast<int>(model::ConditionType::kTable) == Condition::table);
static_assert(static_cast<int>(model::ConditionType::kTimeWindow) == Condition::time_window);

Expected<model::Condition> FromProto(const Condition& condition) {
  if (!Condition::ConditionType_IsValid(condition.type())) {
    return InvalidField("conditions.type", NamesOf(*Condition::ConditionType_descriptor()));
  }
  return model::Condition{.type = static_cast<model::ConditionType>(condition.type()),
                          .name = condition.name(),
                          .values = {condition.values().begin(), condition.values().end()},
                          .negated = condition.negated()};
}

// Without a rule the conditions alone decide.
Expected<void> ReadRule(const v1::Policy& policy, model::Policy& out) {
  out.rule_type = model::RuleType::kNone;
  if (!policy.has_rule()) return {};
  if (!Rule::RuleType_IsValid(policy.rule().type())) {
    return InvalidField("rule.type", NamesOf(*Rule::RuleType_descriptor()));
  }
  out.rule_type = FromProto(policy.rule().type());
  out.rule_value = policy.rule().value();
  return {};
}

void AddConditions(const model::Policy& policy, v1::Policy& out) {
  for (const auto& condition : policy.conditions) {
    auto& added = *out.add_conditions();
    added.set_type(static_cast<Condition::ConditionType>(condition.type));
    added.set_name(condition.name);
    for (const auto& value : condition.values) added.add_values(value);
    added.set_negated(condition.negated);
  }
}

}  // namespace

Rule::RuleType ToProto(model::RuleType type) {
  switch (type) {
    case model::RuleType::kListeningPort:
      return Rule::listening_port;
    case model::RuleType::kHeaderHost:
      return Rule::header_host;
    case model::RuleType::kHeaderClientTags:
      return Rule::header_client_tags;
    case model::RuleType::kHeaderConnectionProperties:
      return Rule::header_connection_properties;
    case model::RuleType::kNone:
      return Rule::none;
  }
  return Rule::none;
}

v1::Policy ToProto(const model::Policy& policy) {
  v1::Policy out;
  out.set_id(policy.id);
  out.mutable_rule()->set_type(ToProto(policy.rule_type));
  out.mutable_rule()->set_value(policy.rule_value);
  out.set_group(policy.group);
  out.set_fallback_group(policy.fallback_group);
  out.set_is_enabled(policy.enabled);
  out.set_is_auth_delegated(policy.auth_delegated);
  out.set_set_request_source(policy.set_request_source);
  out.set_priority(policy.priority);
  AddConditions(policy, out);
  for (const auto& id : policy.more_fallback_groups) out.add_more_fallback_groups(id);
  out.set_reject_message(policy.reject_message);
  for (const auto& action : policy.headers) {
    auto& added = *out.add_headers();
    added.set_name(action.name);
    if (action.value) added.set_value(*action.value);
  }
  if (policy.mode) out.set_mode(ToProto(*policy.mode));
  out.set_source(ToProto(policy.source));
  out.set_etag(EtagOf(policy.version));
  return out;
}

Expected<model::Policy> FromProto(const v1::Policy& policy, WhenUnset when_unset) {
  model::Policy out;
  if (auto read = ReadRule(policy, out); !read) return std::unexpected(read.error());
  out.id = policy.id();
  out.priority = policy.priority();
  for (const auto& condition : policy.conditions()) {
    auto read = FromProto(condition);
    if (!read) return std::unexpected(read.error());
    out.conditions.push_back(*std::move(read));
  }
  out.group = policy.group();
  out.fallback_group = policy.fallback_group();
  out.more_fallback_groups.assign(policy.more_fallback_groups().begin(),
                                  policy.more_fallback_groups().end());
  out.reject_message = policy.reject_message();
  out.set_request_source = policy.set_request_source();
  for (const auto& action : policy.headers()) {
    out.headers.push_back(
        {action.name(), action.has_value() ? std::optional(action.value()) : std::nullopt});
  }
  if (policy.has_mode()) {
    if (!v1::Mode_IsValid(policy.mode())) return InvalidField("mode", "PROXY or DIRECT");
    out.mode = FromProto(policy.mode());
  }
  out.auth_delegated = policy.is_auth_delegated();
  out.enabled = policy.has_is_enabled() ? policy.is_enabled() : when_unset == WhenUnset::kEnabled;
  return out;
}

}  // namespace gateway::rpc
