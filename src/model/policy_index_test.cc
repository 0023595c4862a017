#include "model/policy_index.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gateway::model {
namespace {

struct PolicyIndexTest : testing::Test {
  Policy& Add(const std::string& id, RuleType type, const std::string& value) {
    auto& policy = policies.emplace_back();
    policy.id = id;
    policy.rule_type = type;
    policy.rule_value = value;
    policy.group = "adhoc";
    return policy;
  }

  Policy& AddFor(const std::string& id, ConditionType type, const std::string& value) {
    auto& policy = Add(id, RuleType::kNone, "");
    policy.conditions = {{.type = type, .values = {value}}};
    return policy;
  }

  PolicyIndex Build() { return PolicyIndex(policies); }

  static std::vector<std::string> Ids(const PolicyIndex& index, const PolicyIndex::List* list) {
    std::vector<std::string> ids;
    if (!list) return ids;
    for (const auto rank : list->ranks) ids.push_back(index.At(rank).policy->id);
    return ids;
  }

  using Strings = std::vector<std::string>;
  std::vector<Policy> policies;
};

TEST_F(PolicyIndexTest, RanksByPriorityThenConditionsThenId) {
  Add("b", RuleType::kHeaderClientTags, "etl");
  Add("a", RuleType::kHeaderHost, "gw");
  Add("high", RuleType::kHeaderHost, "gw").priority = 5;
  Add("low", RuleType::kHeaderHost, "gw").priority = -1;
  AddFor("one", ConditionType::kUser, "ada");
  Add("two", RuleType::kHeaderHost, "gw").conditions = {
      {.type = ConditionType::kUser, .values = {"ada"}}};
  AddFor("also-one", ConditionType::kSource, "cli");
  const auto index = Build();
  Strings ids;
  for (const auto& compiled : index.ranked()) ids.push_back(compiled.policy->id);
  EXPECT_EQ(ids, (Strings{"high", "two", "also-one", "one", "a", "b", "low"}));
}

TEST_F(PolicyIndexTest, LeavesDisabledPoliciesOut) {
  Add("a", RuleType::kHeaderHost, "gw").enabled = false;
  EXPECT_TRUE(Build().ranked().empty());
}

TEST_F(PolicyIndexTest, FindsPoliciesByWhatTheyAskFor) {
  Add("port", RuleType::kListeningPort, "08080");
  Add("host", RuleType::kHeaderHost, "GW.example");
  Add("tag", RuleType::kHeaderClientTags, "etl");
  Add("props", RuleType::kHeaderConnectionProperties, "a=b");
  AddFor("user", ConditionType::kUser, "ada");
  AddFor("source", ConditionType::kSource, "cli");
  AddFor("routing", ConditionType::kRoutingGroup, "big");
  AddFor("header", ConditionType::kHeader, "bi").conditions[0].name = "X-Team";
  const auto index = Build();
  EXPECT_EQ(Ids(index, index.ByPort(8080)), Strings{"port"});
  EXPECT_EQ(Ids(index, index.ByHost("gw.example")), Strings{"host"});
  EXPECT_EQ(Ids(index, index.ByTag("etl")), Strings{"tag"});
  EXPECT_EQ(Ids(index, index.ByProperties("a=b")), Strings{"props"});
  EXPECT_EQ(Ids(index, index.ByUser("ada")), Strings{"user"});
  EXPECT_EQ(Ids(index, index.BySource("cli")), Strings{"source"});
  EXPECT_EQ(Ids(index, index.ByRoutingGroup("big")), Strings{"routing"});
  ASSERT_EQ(index.by_header().size(), 1u);
  EXPECT_EQ(index.by_header()[0].name, "x-team");
  EXPECT_EQ(Ids(index, PolicyIndex::Find(index.by_header()[0].lists, "bi")), Strings{"header"});
  EXPECT_TRUE(index.rest().ranks.empty());
  EXPECT_EQ(index.ByPort(80), nullptr);
  EXPECT_EQ(index.ByTag("other"), nullptr);
}

TEST_F(PolicyIndexTest, KeepsWhatCannotBeLookedUpInTheRest) {
  AddFor("regex", ConditionType::kUserRegex, "a.*");
  AddFor("not-ada", ConditionType::kUser, "ada").conditions[0].negated = true;
  AddFor("has-header", ConditionType::kHeader, "x").conditions[0] = {.type = ConditionType::kHeader,
                                                                     .name = "X-Team"};
  const auto index = Build();
  EXPECT_EQ(Ids(index, &index.rest()), (Strings{"has-header", "not-ada", "regex"}));
}

TEST_F(PolicyIndexTest, LooksUpByTheMostSelectiveText) {
  for (int i = 0; i < 5; ++i) {
    const auto n = std::to_string(i);
    Add("p" + n, RuleType::kListeningPort, "8080").conditions = {
        {.type = ConditionType::kSource, .values = {"cli"}},
        {.type = ConditionType::kUser, .values = {"u" + n, "v" + n, "v" + n}}};
  }
  const auto index = Build();
  EXPECT_EQ(index.ByPort(8080), nullptr);
  EXPECT_EQ(Ids(index, index.ByUser("u3")), Strings{"p3"});
  EXPECT_EQ(Ids(index, index.ByUser("v3")), Strings{"p3"});
}

TEST_F(PolicyIndexTest, AsksForTheStatementLast) {
  auto& policy = AddFor("p", ConditionType::kReadOnly, "true");
  policy.conditions.push_back({.type = ConditionType::kUser, .values = {"ada"}});
  const auto index = Build();
  EXPECT_EQ(index.At(0).conditions[0].type(), ConditionType::kUser);
  EXPECT_EQ(index.At(0).declared, (std::vector<std::size_t>{1, 0}));
}

TEST_F(PolicyIndexTest, KnowsPortsWhoseCredentialsAreChecked) {
  Add("on", RuleType::kListeningPort, "8080").auth_delegated = true;
  auto& off = Add("off", RuleType::kListeningPort, "8081");
  off.auth_delegated = true;
  off.enabled = false;
  const auto index = Build();
  EXPECT_TRUE(index.DelegatesAuth(8080));
  EXPECT_FALSE(index.DelegatesAuth(8081));
}

}  // namespace
}  // namespace gateway::model
