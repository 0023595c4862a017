#include "app/policy_reader.h"

#include <string>

#include <gtest/gtest.h>

#include "app/config_testing.h"

namespace gateway::app {
namespace {

using model::ConditionType;

// Lines 2 and 3; the policy begins in line 4.
constexpr std::string_view kGroups =
    "groups: [{id: g, backends: []}, {id: h, backends: []}]\npolicies:\n";

Expected<AppConfig> ParsePolicy(std::string_view policy) {
  return ParseWithListeners(std::string(kGroups) + std::string(policy));
}

TEST(PolicyReader, ReadsEverythingThatAPolicyCanSay) {
  const auto config = ParsePolicy(R"(  - id: nightly
    priority: -5
    rule: {type: header_client_tags, value: etl}
    conditions:
      - {type: user, values: [ada, bob]}
      - {type: header, name: X-Team}
      - {type: session_property, name: join_type, value: BROADCAST, not: true}
      - {type: client_address, value: 10.0.0.0/8}
      - {type: time_window, value: '* 0-5 * * *'}
    group: g
    fallback_group: h
    more_fallback_groups: [g]
    set_request_source: nightly
    headers:
      - {name: X-Trino-Client-Tags, value: night}
      - {name: X-Debug, remove: true}
    mode: direct
)");
  ASSERT_TRUE(config) << config.error().message;
  const auto& policy = config->declared.policies[0];
  const std::vector<model::Condition> conditions = {
      {.type = ConditionType::kUser, .values = {"ada", "bob"}},
      {.type = ConditionType::kHeader, .name = "X-Team"},
      {.type = ConditionType::kSessionProperty,
       .name = "join_type",
       .values = {"BROADCAST"},
       .negated = true},
      {.type = ConditionType::kClientAddress, .values = {"10.0.0.0/8"}},
      {.type = ConditionType::kTimeWindow, .values = {"* 0-5 * * *"}}};
  EXPECT_EQ(policy.priority, -5);
  EXPECT_EQ(policy.rule_type, model::RuleType::kHeaderClientTags);
  EXPECT_EQ(policy.conditions, conditions);
  EXPECT_EQ(policy.group, "g");
  EXPECT_EQ(policy.fallback_group, "h");
  EXPECT_EQ(policy.more_fallback_groups, std::vector<std::string>{"g"});
  EXPECT_EQ(policy.set_request_source, "nightly");
  EXPECT_EQ(policy.headers, (std::vector<model::HeaderAction>{{"X-Trino-Client-Tags", "night"},
                                                              {"X-Debug", std::nullopt}}));
  EXPECT_EQ(policy.mode, model::Mode::kDirect);
}

TEST(PolicyReader, NeedsNoRuleWithConditionsAndNoGroupToReject) {
  const auto config = ParsePolicy(
      "  - {id: p, conditions: [{type: read_only, value: false}], reject_message: 'read only'}\n"
      "  - {id: q, rule: {type: listening_port, value: 8080}, group: g, auth_delegated: true}\n"
      "auth: {delegated: {url: 'http://login/validate'}}\n");
  ASSERT_TRUE(config) << config.error().message;
  const auto& policies = config->declared.policies;
  EXPECT_EQ(policies[0].rule_type, model::RuleType::kNone);
  EXPECT_EQ(policies[0].reject_message, "read only");
  EXPECT_EQ(policies[0].group, "");
  EXPECT_TRUE(policies[1].auth_delegated);
}

TEST(PolicyReader, TakesEveryConditionOfTheModel) {
  for (const auto condition :
       {"user, value: ada", "user_regex, value: 'svc-.*'", "source, value: cli",
        "routing_group, value: big", "client_address, value: '::1'",
        "header, name: X-Team, value: bi", "session_property, name: a", "catalog, value: hive",
        "schema, value: hive.sales", "table, value: hive.sales.orders",
        "query_type, value: CreateTable", "query_category, values: [SELECT, INSERT]",
        "read_only, value: true", "text_size, value: 0-1000", "time_window, value: '@hourly'"}) {
    SCOPED_TRACE(condition);
    const auto config = ParsePolicy(
        "  - {id: p, group: g, conditions: [{type: " + std::string(condition) + "}]}\n");
    EXPECT_TRUE(config) << config.error().message;
  }
}

TEST(PolicyReader, RefusesWhatMeansNothingWithItsPlace) {
  struct Case {
    std::string policy;
    std::string complaint;
  };
  const Case cases[] = {
      {"rule: {type: none}", "4:29: policies[0].rule: a policy without conditions needs a rule"},
      {"priority: high, rule: {type: header_host, value: a}",
       "4:33: policies[0].priority: 'high' is not a priority; allowed: a whole number"},
      {"conditions: [{value: ada}]", "4:36: policies[0].conditions[0]: the key 'type' is missing"},
      {"conditions: [{type: users, value: ada}]",
       "4:43: policies[0].conditions[0].type: unknown condition type 'users'; allowed: user, "},
      {"conditions: [{type: user}]",
       "4:36: policies[0].conditions[0]: a condition of type user needs at least one value"},
      {"conditions: [{type: user, value: a, values: [b]}]",
       "4:36: policies[0].conditions[0]: has both 'value' and 'values'; write one of them"},
      {"conditions: [{type: header, value: a}]",
       "4:36: policies[0].conditions[0]: a condition of type header needs a name"},
      {"conditions: [{type: user, name: x, value: a}]",
       "4:36: policies[0].conditions[0]: a condition of type user takes no name"},
      {"conditions: [{type: user_regex, value: '('}]",
       "4:62: policies[0].conditions[0].value: a condition of type user_regex: '(' is no RE2"},
      {"conditions: [{type: client_address, values: [10.1.2.3/8]}]",
       "4:68: policies[0].conditions[0].values[0]: a condition of type client_address: "
       "'10.1.2.3/8' has bits behind its prefix"},
      {"conditions: [{type: user, value: a, negate: true}]",
       "4:59: unknown key 'negate' in policies[0].conditions[0]; "},
      {"rule: {type: header_host, value: a}, headers: [{name: Host, value: b}]",
       "4:77: policies[0].headers[0].name: header 'Host' is the gateway's own"},
      {"rule: {type: header_host, value: a}, headers: [{name: X-A}]",
       "4:70: policies[0].headers[0]: needs either a 'value' to set or 'remove: true'"},
      {"rule: {type: header_host, value: a}, mode: fast",
       "4:66: policies[0].mode: unknown mode 'fast'; allowed: proxy, direct"},
      {"conditions: [{type: header, name: X-Team, values: []}]",
       "4:73: policies[0].conditions[0].values: the list is empty, so the condition would never"},
      {"rule: {type: header_host, value: a}, auth_delegated: true",
       "4:5: policies[0]: auth_delegated needs a rule of type listening_port"},
      {"rule: {type: header_host, value: a}, more_fallback_groups: [x]",
       "4:83: policies[0].more_fallback_groups[0]: group 'x' is not declared in this file"},
  };
  for (const auto& [policy, complaint] : cases) {
    ExpectRefused(
        std::string(kListeners) + std::string(kGroups) + "  - {id: p, group: g, " + policy + "}\n",
        "gateway.yaml:" + complaint);
  }
}

}  // namespace
}  // namespace gateway::app
