#include "model/configuration.h"

#include <string>

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway::model {
namespace {

Group MakeGroup(std::vector<std::string> backends) {
  Group group;
  group.id = "adhoc";
  group.backends = std::move(backends);
  return group;
}

Policy MakePolicy(RuleType type, std::string value) {
  Policy policy;
  policy.id = "etl";
  policy.rule_type = type;
  policy.rule_value = std::move(value);
  policy.group = "adhoc";
  return policy;
}

TEST(ParseStrategy, UndoesNameOf) {
  for (const auto strategy : {Strategy::kRoundRobin, Strategy::kRandom, Strategy::kLeastLoad}) {
    SCOPED_TRACE(NameOf(strategy));
    EXPECT_EQ(ParseStrategy(NameOf(strategy)), strategy);
  }
}

TEST(ParseStrategy, SaysWhatIsAllowed) {
  const auto strategy = ParseStrategy("fastest");
  ASSERT_EQ(CodeOf(strategy), ErrorCode::kInvalidArgument);
  EXPECT_EQ(strategy.error().message,
            "unknown strategy 'fastest'; allowed: round_robin, random, least_load, "
            "weighted_round_robin, least_in_flight, hash");
}

TEST(ParseRuleType, UndoesNameOf) {
  for (const auto type : {RuleType::kListeningPort, RuleType::kHeaderHost,
                          RuleType::kHeaderClientTags, RuleType::kHeaderConnectionProperties}) {
    SCOPED_TRACE(NameOf(type));
    EXPECT_EQ(ParseRuleType(NameOf(type)), type);
  }
  EXPECT_EQ(CodeOf(ParseRuleType("Header_Host")), ErrorCode::kInvalidArgument);
}

TEST(ValidateBackend, RefusesAnIdThatCannotStandInAUri) {
  Backend backend;
  backend.id = "c1";
  EXPECT_TRUE(Validate(backend));
  for (const auto id : {"", "a b", "a/b", "~a"}) {
    SCOPED_TRACE(id);
    backend.id = id;
    EXPECT_EQ(CodeOf(Validate(backend)), ErrorCode::kInvalidArgument);
  }
}

TEST(ValidateGroup, TakesEachBackendOnce) {
  EXPECT_TRUE(Validate(MakeGroup({})));
  EXPECT_TRUE(Validate(MakeGroup({"c1", "c2"})));
  const auto twice = Validate(MakeGroup({"c1", "c2", "c1"}));
  ASSERT_EQ(CodeOf(twice), ErrorCode::kInvalidArgument);
  EXPECT_EQ(twice.error().message, "backends names 'c1' twice; name each once");
  EXPECT_EQ(CodeOf(Validate(MakeGroup({"c 1"}))), ErrorCode::kInvalidArgument);
}

TEST(ValidatePolicy, TakesOnlyPortsForListeningPort) {
  for (const auto port : {"1", "8080", "65535"}) {
    SCOPED_TRACE(port);
    EXPECT_TRUE(Validate(MakePolicy(RuleType::kListeningPort, port)));
  }
  for (const auto port : {"0", "65536", "-1", "http", "80 "}) {
    SCOPED_TRACE(port);
    EXPECT_EQ(CodeOf(Validate(MakePolicy(RuleType::kListeningPort, port))),
              ErrorCode::kInvalidArgument);
  }
}

TEST(ValidatePolicy, NeedsAValueAndAGroup) {
  EXPECT_TRUE(Validate(MakePolicy(RuleType::kHeaderClientTags, "etl")));
  EXPECT_EQ(CodeOf(Validate(MakePolicy(RuleType::kHeaderClientTags, ""))),
            ErrorCode::kInvalidArgument);
  auto policy = MakePolicy(RuleType::kHeaderHost, "gw");
  policy.group = "";
  EXPECT_EQ(CodeOf(Validate(policy)), ErrorCode::kInvalidArgument);
}

TEST(ValidatePolicy, MayHaveAFallbackGroup) {
  auto policy = MakePolicy(RuleType::kHeaderHost, "gw");
  policy.fallback_group = "spare";
  EXPECT_TRUE(Validate(policy));
  policy.fallback_group = "a b";
  EXPECT_EQ(CodeOf(Validate(policy)), ErrorCode::kInvalidArgument);
}

TEST(ValidatePolicy, TakesConditionsInsteadOfARule) {
  auto policy = MakePolicy(RuleType::kNone, "");
  EXPECT_EQ(CodeOf(Validate(policy)), ErrorCode::kInvalidArgument);
  policy.conditions = {{.type = ConditionType::kUser, .name = "", .values = {"ada"}}};
  EXPECT_TRUE(Validate(policy));
}

TEST(ValidatePolicy, SaysWhichConditionsTakeAName) {
  auto policy = MakePolicy(RuleType::kHeaderClientTags, "etl");
  policy.conditions = {{.type = ConditionType::kUser, .name = "x", .values = {"ada"}}};
  EXPECT_EQ(Validate(policy).error().message, "a condition of type user takes no name");
  policy.conditions = {{.type = ConditionType::kHeader, .name = "", .values = {}}};
  EXPECT_EQ(Validate(policy).error().message, "a condition of type header needs a name");
  policy.conditions = {{.type = ConditionType::kHeader, .name = "X-Team", .values = {}}};
  EXPECT_TRUE(Validate(policy));
}

TEST(ValidatePolicy, MayRejectInsteadOfNamingAGroup) {
  auto policy = MakePolicy(RuleType::kHeaderClientTags, "etl");
  policy.group = "";
  policy.reject_message = "no ETL before six";
  EXPECT_TRUE(Validate(policy));
  policy.reject_message = "two\nlines";
  EXPECT_EQ(CodeOf(Validate(policy)), ErrorCode::kInvalidArgument);
}

TEST(ValidateGroup, WeighsOnlyItsBackends) {
  auto group = MakeGroup({"c1", "c2"});
  group.weights = {{"c1", 95}, {"c2", 0}};
  EXPECT_TRUE(Validate(group));
  group.weights = {{"c3", 1}};
  EXPECT_EQ(CodeOf(Validate(group)), ErrorCode::kInvalidArgument);
  group.weights = {{"c1", 1001}};
  EXPECT_EQ(CodeOf(Validate(group)), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace gateway::model
