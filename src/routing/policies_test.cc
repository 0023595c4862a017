#include "routing/policies.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "routing/routing_fixture.h"

namespace gateway::routing {
namespace {

using model::ConditionType;
using model::RuleType;

RequestFacts FactsOf(std::uint16_t port,
                     std::string_view host,
                     std::string_view tags,
                     std::string_view properties = "") {
  RequestFacts facts;
  facts.port = port;
  facts.host = host;
  facts.client_tags = tags;
  facts.connection_properties = properties;
  return facts;
}

RequestFacts Tagged(std::string_view tags) { return FactsOf(8080, "", tags); }

RequestFacts ByUser(std::string_view user, std::string_view tags = "") {
  auto facts = Tagged(tags);
  facts.user = user;
  return facts;
}

struct PoliciesTest : testing::Test {
  PoliciesTest() {
    for (const auto id : {"adhoc", "etl", "big", "spare"}) AddGroup(configuration, id);
  }

  model::Policy& Add(const std::string& id,
                     RuleType type,
                     const std::string& value,
                     const std::string& group) {
    return AddPolicy(configuration, id, type, value, group);
  }

  model::Policy& AddForUser(const std::string& id,
                            const std::string& user,
                            const std::string& group) {
    auto& policy = Add(id, RuleType::kNone, "", group);
    policy.conditions = {{.type = ConditionType::kUser, .values = {user}}};
    return policy;
  }

  // Ids of the groups to try, joined by blanks.
  std::string Choose(const RequestFacts& facts) {
    registry.ReplaceFile(configuration, "adhoc");
    snapshot = registry.Current();
    chooser.Choose(facts, *snapshot, choice);
    return IdsOf(choice);
  }

  FakeClock clock;
  model::Registry registry{clock, "adhoc"};
  model::Configuration configuration;
  model::SnapshotPtr snapshot;
  GroupChooser chooser;
  GroupChoice choice;
};

TEST_F(PoliciesTest, LeadsToTheDefaultGroupWhenNothingMatches) {
  Add("p", RuleType::kHeaderClientTags, "etl", "etl");
  EXPECT_EQ(Choose(FactsOf(8080, "gw", "other")), "adhoc");
  EXPECT_EQ(choice.trace, "default adhoc");
  EXPECT_TRUE(choice.policies.empty());
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
      {FactsOf(9090, "", ""), true},
      {FactsOf(8080, "etl.EXAMPLE", ""), true},
      {FactsOf(8080, "etl.example:8080", ""), true},
      {FactsOf(8080, "x.etl.example", ""), false},
      {FactsOf(8080, "", "etl"), true},
      {FactsOf(8080, "", "nightly, etl ,x"), true},
      {FactsOf(8080, "", "etl2,ETL"), false},
      {FactsOf(8080, "", "", "a=b,c=d"), true},
      {FactsOf(8080, "", "", "a=b"), false},
  };
  for (const auto& [facts, matches] : cases) {
    SCOPED_TRACE(std::string(facts.host) + "|" + std::string(facts.client_tags));
    EXPECT_EQ(Choose(facts), matches ? "etl adhoc" : "adhoc");
  }
}

TEST_F(PoliciesTest, MatchesATagHeaderAsAWhole) {
  Add("p", RuleType::kHeaderClientTags, "a,b", "etl");
  EXPECT_EQ(Choose(Tagged("a,b")), "etl adhoc");
}

TEST_F(PoliciesTest, MatchesAHostThatNamesAPort) {
  Add("p", RuleType::kHeaderHost, "gw:9090", "etl");
  EXPECT_EQ(Choose(FactsOf(8080, "GW:9090", "")), "etl adhoc");
  EXPECT_EQ(Choose(FactsOf(8080, "gw", "")), "adhoc");
}

TEST_F(PoliciesTest, NarrowsByEveryDimensionThatMatches) {
  Add("port1", RuleType::kListeningPort, "8080", "etl");
  Add("port2", RuleType::kListeningPort, "8080", "big");
  Add("tags", RuleType::kHeaderClientTags, "big", "big");
  EXPECT_EQ(Choose(Tagged("")), "big etl adhoc");
  EXPECT_EQ(Choose(Tagged("big")), "big adhoc");
  EXPECT_EQ(choice.trace,
            "policy port1 (listening_port=8080) -> etl; policy port2 (listening_port=8080) -> big; "
            "policy tags (header_client_tags=big) -> big; default adhoc");
}

TEST_F(PoliciesTest, LeadsToTheDefaultGroupWhenNoGroupSatisfiesAll) {
  Add("port", RuleType::kListeningPort, "8080", "etl");
  Add("tags", RuleType::kHeaderClientTags, "big", "big");
  EXPECT_EQ(Choose(Tagged("big")), "adhoc");
  EXPECT_NE(choice.trace.find("no group satisfies all of them"), std::string::npos);
}

TEST_F(PoliciesTest, LooksOnlyAtTheHighestPriorityThatMatches) {
  Add("port", RuleType::kListeningPort, "8080", "etl").priority = -1;
  Add("tags", RuleType::kHeaderClientTags, "big", "big");
  Add("other", RuleType::kHeaderClientTags, "other", "spare").priority = 7;
  EXPECT_EQ(Choose(Tagged("big")), "big adhoc");
  EXPECT_EQ(Choose(Tagged("big,other")), "spare adhoc");
  EXPECT_EQ(Choose(Tagged("")), "etl adhoc");
}

TEST_F(PoliciesTest, LetsThePolicyWithConditionsDecideAlone) {
  Add("tags", RuleType::kHeaderClientTags, "big", "big");
  AddForUser("user", "ada", "etl");
  EXPECT_EQ(Choose(ByUser("ada", "big")), "etl adhoc");
  EXPECT_EQ(choice.trace, "policy user (1 condition) -> etl; default adhoc");
  EXPECT_EQ(Choose(ByUser("bob", "big")), "big adhoc");
}

TEST_F(PoliciesTest, LetsTheMostSpecificDecideThenTheId) {
  AddForUser("c", "ada", "etl");
  AddForUser("b", "ada", "big");
  EXPECT_EQ(Choose(ByUser("ada", "x")), "big adhoc");
  auto& specific = Add("d", RuleType::kHeaderClientTags, "x", "spare");
  specific.conditions = {{.type = ConditionType::kUser, .values = {"ada"}}};
  EXPECT_EQ(Choose(ByUser("ada", "x")), "spare adhoc");
  EXPECT_EQ(choice.trace, "policy d (header_client_tags=x, 1 condition) -> spare; default adhoc");
  EXPECT_EQ(Choose(ByUser("ada", "")), "big adhoc");
}

TEST_F(PoliciesTest, TakesPriorityBeforeSpecificity) {
  AddForUser("user", "ada", "etl");
  Add("tags", RuleType::kHeaderClientTags, "big", "big").priority = 1;
  EXPECT_EQ(Choose(ByUser("ada", "big")), "big adhoc");
}

TEST_F(PoliciesTest, TriesFallbacksInOrder) {
  for (const auto id : {"f1", "f2", "f3", "f4", "f5"}) AddGroup(configuration, id);
  configuration.groups[1].fallback_groups = {"f3", "f1", "f4"};  // of etl
  configuration.groups[0].fallback_groups = {"f5"};              // of adhoc, the default
  auto& policy = Add("p", RuleType::kHeaderClientTags, "etl", "etl");
  policy.fallback_group = "f1";
  policy.more_fallback_groups = {"f2", "etl"};
  EXPECT_EQ(Choose(Tagged("etl")), "etl f1 f2 f3 f4 adhoc f5");
}

TEST_F(PoliciesTest, TakesFallbacksOnlyFromPoliciesWhoseGroupIsLeft) {
  Add("port1", RuleType::kListeningPort, "8080", "etl").fallback_group = "spare";
  Add("port2", RuleType::kListeningPort, "8080", "big");
  Add("tags", RuleType::kHeaderClientTags, "big", "big");
  EXPECT_EQ(Choose(Tagged("big")), "big adhoc");
}

TEST_F(PoliciesTest, LeavesDisabledPoliciesAndGroupsOut) {
  Add("off", RuleType::kHeaderClientTags, "etl", "etl");
  configuration.policies.back().enabled = false;
  EXPECT_EQ(Choose(Tagged("etl")), "adhoc");
  configuration.policies.back().enabled = true;
  configuration.policies.back().fallback_group = "spare";
  configuration.groups[1].enabled = false;  // etl
  EXPECT_EQ(Choose(Tagged("etl")), "spare adhoc");
}

TEST_F(PoliciesTest, HasNoGroupsWhereNoneAreConfigured) {
  configuration.groups.clear();
  EXPECT_EQ(Choose(Tagged("etl")), "");
}

TEST_F(PoliciesTest, RejectsWithTheMessageOfThePolicy) {
  Add("p", RuleType::kHeaderClientTags, "etl", "").reject_message = "use the other gateway";
  Add("other", RuleType::kHeaderClientTags, "etl", "etl");
  EXPECT_EQ(Choose(Tagged("etl")), "adhoc");
  EXPECT_EQ(choice.reject_message, "use the other gateway");
  EXPECT_EQ(choice.trace, "policy p (header_client_tags=etl) rejects; default adhoc");
  Choose(Tagged(""));
  EXPECT_EQ(choice.reject_message, "");
}

TEST_F(PoliciesTest, TakesTheActionsOfTheDecidingPolicy) {
  auto& policy = AddForUser("p", "ada", "etl");
  policy.headers = {{"X-Trino-Client-Tags", "vip"}, {"X-Debug", std::nullopt}};
  policy.set_request_source = "gateway";
  policy.mode = model::Mode::kDirect;
  Add("q", RuleType::kListeningPort, "8080", "etl").set_request_source = "other";
  Choose(ByUser("ada"));
  ASSERT_EQ(choice.headers.size(), 2u);
  EXPECT_EQ(choice.headers[0]->name, "X-Trino-Client-Tags");
  EXPECT_EQ(choice.headers[1]->value, std::nullopt);
  EXPECT_EQ(choice.set_request_source, "gateway");
  EXPECT_EQ(choice.mode, model::Mode::kDirect);
  ASSERT_EQ(choice.policies.size(), 1u);
  EXPECT_EQ(choice.policies[0]->id, "p");
}

TEST_F(PoliciesTest, TakesTheActionsOfAllThatDecideTogetherInTheOrderOfTheirIds) {
  auto& second = Add("b", RuleType::kListeningPort, "8080", "etl");
  second.headers = {{"X-B", "1"}};
  second.set_request_source = "b";
  second.mode = model::Mode::kDirect;
  Add("a", RuleType::kHeaderClientTags, "etl", "etl").headers = {{"X-A", "1"}};
  Add("c", RuleType::kHeaderClientTags, "etl", "etl").set_request_source = "c";
  Choose(Tagged("etl"));
  ASSERT_EQ(choice.headers.size(), 2u);
  EXPECT_EQ(choice.headers[0]->name, "X-A");
  EXPECT_EQ(choice.headers[1]->name, "X-B");
  EXPECT_EQ(choice.set_request_source, "b");
  EXPECT_EQ(choice.mode, model::Mode::kDirect);
}

TEST_F(PoliciesTest, TakesTheSourceOfThePortWhereNothingThatDecidesHasOne) {
  AddForUser("p", "ada", "etl");
  Add("q", RuleType::kListeningPort, "8080", "etl").set_request_source = "port";
  Add("r", RuleType::kListeningPort, "8080", "etl").set_request_source = "later";
  Choose(ByUser("ada"));
  ASSERT_EQ(choice.policies.size(), 1u);
  EXPECT_EQ(choice.set_request_source, "port");
  const std::vector<std::string> named{"etl"};
  chooser.ChooseNamed(ByUser("ada"), *snapshot, named, "a rule", choice);
  EXPECT_EQ(choice.set_request_source, "port");
}

TEST_F(PoliciesTest, TakesNoSourceOfAPortByPoliciesThatAreDisabledOrHaveConditions) {
  Add("q", RuleType::kListeningPort, "8080", "etl").set_request_source = "port";
  configuration.policies.back().enabled = false;
  auto& bob = Add("r", RuleType::kListeningPort, "8080", "etl");
  bob.set_request_source = "bob";
  bob.conditions = {{.type = model::ConditionType::kUser, .values = {"bob"}}};
  Add("s", RuleType::kListeningPort, "8081", "etl").set_request_source = "other";
  Choose(ByUser("ada"));
  EXPECT_EQ(choice.set_request_source, "");
  Choose(ByUser("bob"));
  EXPECT_EQ(choice.set_request_source, "bob");
}

TEST_F(PoliciesTest, ShowsTheStartOfATransactionNeverToABackendItself) {
  auto& group = configuration.groups.front();  // the default one
  auto& policy = AddForUser("p", "ada", "etl");
  const auto mode_of = [&](std::string_view user, std::string_view type) {
    const QueryFacts query{
        .type = type, .category = {}, .read_only = {}, .catalogs = {}, .schemas = {}, .tables = {}};
    const auto ask = [&query] { return &query; };
    auto facts = ByUser(user);
    facts.query = ask;
    Choose(facts);
    return choice.mode;
  };
  EXPECT_EQ(mode_of("ada", kStartTransaction), std::nullopt);
  group.mode = model::Mode::kDirect;
  EXPECT_EQ(mode_of("bob", kStartTransaction), model::Mode::kProxy);
  EXPECT_TRUE(choice.trace.ends_with("starts a transaction: mode proxy")) << choice.trace;
  EXPECT_EQ(mode_of("bob", "Query"), std::nullopt);
  policy.mode = model::Mode::kDirect;
  EXPECT_EQ(mode_of("ada", kStartTransaction), model::Mode::kProxy);
  EXPECT_EQ(mode_of("ada", "Commit"), model::Mode::kDirect);
}

TEST_F(PoliciesTest, DelegatesAuthenticationByPortWhateverElseDecides) {
  Add("port", RuleType::kListeningPort, "8080", "etl").auth_delegated = true;
  AddForUser("user", "ada", "big").priority = 5;
  Choose(ByUser("ada"));
  EXPECT_TRUE(choice.auth_delegated);
  Choose(FactsOf(8081, "", ""));
  EXPECT_FALSE(choice.auth_delegated);
}

TEST_F(PoliciesTest, AsksForTheStatementOnlyWhenAPolicyCouldStillDecide) {
  int asked = 0;
  const QueryFacts query{.type = "Query", .category = "SELECT", .read_only = true};
  const auto ask = [&] {
    ++asked;
    return &query;
  };
  auto facts = ByUser("ada", "etl");
  facts.query = ask;
  auto& reading = AddForUser("reads", "ada", "big");
  reading.conditions.push_back({.type = ConditionType::kReadOnly, .values = {"true"}});
  Add("tags", RuleType::kHeaderClientTags, "etl", "etl").priority = 1;
  EXPECT_EQ(Choose(facts), "etl adhoc");
  EXPECT_EQ(asked, 0);
  facts.client_tags = "";
  facts.user = "bob";
  EXPECT_EQ(Choose(facts), "adhoc");
  EXPECT_EQ(asked, 0);
  facts.user = "ada";
  EXPECT_EQ(Choose(facts), "big adhoc");
  EXPECT_EQ(asked, 1);
}

TEST_F(PoliciesTest, FindsAPolicyOnceHoweverManyOfItsValuesAreThere) {
  auto& policy = Add("p", RuleType::kNone, "", "etl");
  policy.conditions = {{.type = ConditionType::kHeader, .name = "X-Team", .values = {"bi", "ml"}}};
  const FakeHeaders headers({{"x-team", "bi"}, {"X-TEAM", "ml"}, {"X-Team", "bi"}});
  RequestFacts facts;
  facts.any_header = headers;
  EXPECT_EQ(Choose(facts), "etl adhoc");
  EXPECT_EQ(choice.policies.size(), 1u);
}

TEST_F(PoliciesTest, WorksOutTheKeysThatItsGroupsNeed) {
  Choose(ByUser("ada"));
  EXPECT_EQ(choice.keys[0], std::nullopt);
  configuration.groups[0].strategy = model::Strategy::kHash;
  configuration.groups[0].hash_key = model::HashKey::kSource;
  Choose(ByUser("ada"));
  EXPECT_NE(choice.keys[static_cast<std::size_t>(model::HashKey::kSource)], std::nullopt);
}

TEST_F(PoliciesTest, TakesGroupsThatOthersChoseWithTheirFallbacks) {
  AddForUser("p", "alice", "big").headers = {{"X-A", "1"}};
  configuration.groups[1].fallback_groups = {"spare"};
  configuration.groups[2].enabled = false;
  Choose(ByUser("alice"));
  const std::vector<std::string> ids = {"gone", "big", "etl", "etl"};
  chooser.ChooseNamed(ByUser("alice"), *snapshot, ids, "rule test -> etl", choice);
  EXPECT_EQ(IdsOf(choice), "etl spare adhoc");
  EXPECT_EQ(choice.trace, "rule test -> etl; default adhoc");
  EXPECT_TRUE(choice.headers.empty());
  EXPECT_TRUE(choice.policies.empty());
}

TEST_F(PoliciesTest, PreparesTheKeysThatGroupsOfOthersHashBy) {
  configuration.groups[1].strategy = model::Strategy::kHash;
  configuration.groups[1].hash_key = model::HashKey::kUser;
  Choose(ByUser("alice"));
  const std::vector<std::string> ids = {"etl"};
  chooser.ChooseNamed(ByUser("alice"), *snapshot, ids, "rule", choice);
  const auto alice = choice.KeyOf(model::HashKey::kUser);
  chooser.ChooseNamed(ByUser("bob"), *snapshot, ids, "rule", choice);
  EXPECT_NE(choice.KeyOf(model::HashKey::kUser), alice);
}

}  // namespace
}  // namespace gateway::routing
