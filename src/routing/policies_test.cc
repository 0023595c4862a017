#include "routing/policies.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/registry.h"

namespace gateway::routing {
namespace {

using model::RuleType;

struct PoliciesTest : testing::Test {
  PoliciesTest() {
    for (const auto id : {"adhoc", "etl", "big", "spare"}) {
      model::Group group;
      group.id = id;
      configuration.groups.push_back(group);
    }
  }

  void Add(const std::string& id,
           RuleType type,
           const std::string& value,
           const std::string& group,
           const std::string& fallback = "") {
    model::Policy policy;
    policy.id = id;
    policy.rule_type = type;
    policy.rule_value = value;
    policy.group = group;
    policy.fallback_group = fallback;
    configuration.policies.push_back(policy);
  }

  // Ids of the groups to try, joined by blanks.
  std::string Choose(const RequestFacts& facts) {
    registry.ReplaceFile(configuration, "adhoc");
    const auto snapshot = registry.Current();
    const auto choice = ChooseGroups(facts, *snapshot);
    trace = choice.trace;
    std::string ids;
    for (const auto* group : choice.groups) ids += (ids.empty() ? "" : " ") + group->group.id;
    return ids;
  }

  SystemClock clock;
  model::Registry registry{clock, "adhoc"};
  model::Configuration configuration;
  std::string trace;
};

TEST_F(PoliciesTest, LeadsToTheDefaultGroupWhenNothingMatches) {
  Add("p", RuleType::kHeaderClientTags, "etl", "etl");
  EXPECT_EQ(Choose({8080, "gw", "other", ""}), "adhoc");
  EXPECT_EQ(trace, "default adhoc");
}

TEST_F(PoliciesTest, MatchesEachDimension) {
  Add("port", RuleType::kListeningPort, "9090", "etl");
  Add("host", RuleType::kHeaderHost, "ETL.example", "etl");
  Add("tags", RuleType::kHeaderClientTags, "etl", "etl");
  Add("props", RuleType::kHeaderConnectionProperties, "a=b,c=d", "etl");
  struct Case {
    RequestFacts facts;
    bool matches;
  };
  const Case cases[] = {
      {{9090, "", "", ""}, true},
      {{8080, "etl.EXAMPLE", "", ""}, true},
      {{8080, "etl.example:8080", "", ""}, true},
      {{8080, "x.etl.example", "", ""}, false},
      {{8080, "", "etl", ""}, true},
      {{8080, "", "nightly, etl ,x", ""}, true},
      {{8080, "", "etl2,ETL", ""}, false},
      {{8080, "", "", "a=b,c=d"}, true},
      {{8080, "", "", "a=b"}, false},
  };
  for (const auto& [facts, matches] : cases) {
    SCOPED_TRACE(std::string(facts.host) + "|" + std::string(facts.client_tags));
    EXPECT_EQ(Choose(facts), matches ? "etl adhoc" : "adhoc");
  }
}

TEST_F(PoliciesTest, MatchesATagHeaderAsAWhole) {
  Add("p", RuleType::kHeaderClientTags, "a,b", "etl");
  EXPECT_EQ(Choose({8080, "", "a,b", ""}), "etl adhoc");
}

TEST_F(PoliciesTest, NarrowsByEveryDimensionThatMatches) {
  Add("port1", RuleType::kListeningPort, "8080", "etl");
  Add("port2", RuleType::kListeningPort, "8080", "big");
  Add("tags", RuleType::kHeaderClientTags, "big", "big");
  EXPECT_EQ(Choose({8080, "", "", ""}), "big etl adhoc");
  EXPECT_EQ(Choose({8080, "", "big", ""}), "big adhoc");
}

TEST_F(PoliciesTest, LeadsToTheDefaultGroupWhenNoGroupSatisfiesAll) {
  Add("port", RuleType::kListeningPort, "8080", "etl");
  Add("tags", RuleType::kHeaderClientTags, "big", "big");
  EXPECT_EQ(Choose({8080, "", "big", ""}), "adhoc");
  EXPECT_NE(trace.find("no group satisfies all of them"), std::string::npos);
}

TEST_F(PoliciesTest, TriesTheFallbackGroupBeforeTheDefault) {
  Add("p", RuleType::kHeaderClientTags, "etl", "etl", "spare");
  EXPECT_EQ(Choose({8080, "", "etl", ""}), "etl spare adhoc");
}

TEST_F(PoliciesTest, LeavesDisabledPoliciesAndGroupsOut) {
  Add("off", RuleType::kHeaderClientTags, "etl", "etl");
  configuration.policies.back().enabled = false;
  EXPECT_EQ(Choose({8080, "", "etl", ""}), "adhoc");
  configuration.policies.back().enabled = true;
  configuration.groups[1].enabled = false;  // etl
  EXPECT_EQ(Choose({8080, "", "etl", ""}), "adhoc");
}

}  // namespace
}  // namespace gateway::routing
