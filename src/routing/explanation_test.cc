#include "routing/explanation.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "routing/policies.h"
#include "routing/routing_fixture.h"

namespace gateway::routing {
namespace {

using model::ConditionType;
using model::Health;
using model::RuleType;
using namespace std::chrono_literals;

struct ExplanationTest : testing::Test {
  ExplanationTest() {
    for (const auto id : {"adhoc", "etl"}) AddGroup(configuration, id);
    AddBackend("c1", "adhoc");
    AddBackend("c2", "etl");
    facts.port = 8080;
    facts.client_tags = "etl";
    facts.user = "ada";
  }

  model::Group& GroupOf(const std::string& id) {
    return *std::ranges::find(configuration.groups, id, &model::Group::id);
  }

  model::Backend& AddBackend(const std::string& id, const std::string& group) {
    GroupOf(group).backends.push_back(id);
    auto& backend = configuration.backends.emplace_back();
    backend.id = id;
    return backend;
  }

  model::Policy& Add(const std::string& id,
                     RuleType type,
                     const std::string& value,
                     const std::string& group) {
    return AddPolicy(configuration, id, type, value, group);
  }

  void Declare() {
    registry.ReplaceFile(configuration, "adhoc");
    for (const auto& backend : configuration.backends) Report(backend.id, Health::kHealthy);
  }

  void Report(const std::string& id, Health health, std::optional<double> load = std::nullopt) {
    registry.ReportStatus(
        id,
        {.health = health, .reason = health == Health::kHealthy ? "" : "timeout", .load = load});
  }

  void Run() {
    snapshot = registry.Current();
    explanation = Explain(facts, *snapshot, clock, random);
  }

  void DeclareAndRun() {
    Declare();
    Run();
  }

  std::string Text() const { return DecisionText(explanation) + TracesText(explanation); }

  const PolicyTrace& Policy(const std::string& id) {
    return *std::ranges::find(explanation.policies, id, &PolicyTrace::id);
  }

  const BackendTrace& Backend(const std::string& group, const std::string& id) {
    const auto found = std::ranges::find(explanation.groups, group, &GroupTrace::id);
    return *std::ranges::find(found->backends, id, &BackendTrace::id);
  }

  void ExpectPolicy(const std::string& id, PolicyVerdict verdict, const std::string& reason) {
    SCOPED_TRACE(id);
    EXPECT_EQ(NameOf(Policy(id).verdict), NameOf(verdict));
    EXPECT_EQ(Policy(id).reason, reason);
  }

  FakeClock clock;
  SeededRandom random{1};
  model::Registry registry{clock, "adhoc"};
  model::Configuration configuration;
  RequestFacts facts;
  model::SnapshotPtr snapshot;
  Explanation explanation;
};

TEST_F(ExplanationTest, SaysWhyEachPolicyMatchesOrNot) {
  Add("tag", RuleType::kHeaderClientTags, "etl", "etl");
  Add("off", RuleType::kHeaderClientTags, "etl", "etl").enabled = false;
  Add("other-tag", RuleType::kHeaderClientTags, "bi", "etl");
  Add("port", RuleType::kListeningPort, "9090", "etl");
  Add("host", RuleType::kHeaderHost, "gw", "etl");
  Add("props", RuleType::kHeaderConnectionProperties, "a=b", "etl");
  Add("bob", RuleType::kNone, "", "etl").conditions = {
      {.type = ConditionType::kUser, .values = {"bob", "eve"}}};
  Add("reads", RuleType::kNone, "", "etl").conditions = {
      {.type = ConditionType::kReadOnly, .values = {"true"}, .negated = true}};
  Add("low", RuleType::kHeaderClientTags, "etl", "adhoc").priority = -1;
  DeclareAndRun();
  ExpectPolicy("tag", PolicyVerdict::kDecides, "leads to etl");
  ExpectPolicy("off", PolicyVerdict::kDisabled, "disabled");
  ExpectPolicy("other-tag", PolicyVerdict::kRuleFails,
               "its rule does not match: the request has client tags 'etl'");
  ExpectPolicy("port", PolicyVerdict::kRuleFails,
               "its rule does not match: the request has port 8080");
  ExpectPolicy("host", PolicyVerdict::kRuleFails,
               "its rule does not match: the request has host ''");
  ExpectPolicy("props", PolicyVerdict::kRuleFails,
               "its rule does not match: the request has connection properties ''");
  ExpectPolicy("bob", PolicyVerdict::kConditionFails,
               "its condition 'user: bob, eve' does not hold");
  ExpectPolicy("reads", PolicyVerdict::kNotKnown,
               "its condition 'not read_only: true' asks for what is not known");
  ExpectPolicy("low", PolicyVerdict::kOutranked, "matches, but tag has a higher priority (0)");
  EXPECT_EQ(explanation.backend, "c2");
}

TEST_F(ExplanationTest, ShowsEachConditionAsDeclared) {
  Add("p", RuleType::kHeaderClientTags, "etl", "etl").conditions = {
      {.type = ConditionType::kReadOnly, .values = {"true"}},
      {.type = ConditionType::kHeader, .name = "X-Team"},
      {.type = ConditionType::kUser, .values = {"ada"}}};
  DeclareAndRun();
  const auto& conditions = Policy("p").conditions;
  ASSERT_EQ(conditions.size(), 3u);
  EXPECT_EQ(conditions[0].text, "read_only: true");
  EXPECT_EQ(conditions[0].finding, Finding::kUnknown);
  EXPECT_EQ(conditions[1].text, "header X-Team");
  EXPECT_EQ(conditions[1].finding, Finding::kFails);
  EXPECT_EQ(conditions[2].finding, Finding::kHolds);
  EXPECT_EQ(Policy("p").summary, "header_client_tags=etl, 3 conditions");
}

TEST_F(ExplanationTest, SaysWhoComesFirstAmongPoliciesWithConditions) {
  const auto for_ada = [&](const std::string& id, RuleType type, const std::string& value) {
    Add(id, type, value, "etl").conditions = {{.type = ConditionType::kUser, .values = {"ada"}}};
  };
  for_ada("b-first", RuleType::kHeaderClientTags, "etl");
  for_ada("c-second", RuleType::kListeningPort, "8080");
  for_ada("a-less", RuleType::kNone, "");
  Add("plain", RuleType::kHeaderClientTags, "etl", "adhoc");
  DeclareAndRun();
  ExpectPolicy("b-first", PolicyVerdict::kDecides, "leads to etl");
  ExpectPolicy("c-second", PolicyVerdict::kOutranked, "matches, but b-first comes first by its id");
  ExpectPolicy("a-less", PolicyVerdict::kOutranked, "matches, but b-first is more specific");
  ExpectPolicy("plain", PolicyVerdict::kOutranked,
               "matches, but b-first has conditions and decides alone");
}

TEST_F(ExplanationTest, SaysWhichPolicyRejects) {
  Add("no", RuleType::kHeaderClientTags, "etl", "").reject_message = "not here";
  Add("yes", RuleType::kHeaderClientTags, "etl", "etl");
  DeclareAndRun();
  ExpectPolicy("no", PolicyVerdict::kDecides, "rejects the query");
  ExpectPolicy("yes", PolicyVerdict::kOutranked, "matches, but no rejects");
  EXPECT_EQ(explanation.reject_message, "not here");
  EXPECT_NE(Text().find("rejected: not here\n"), std::string::npos);
}

TEST_F(ExplanationTest, SaysWhichPoliciesTheOthersRuleOut) {
  Add("port-a", RuleType::kListeningPort, "8080", "adhoc");
  Add("port-b", RuleType::kListeningPort, "8080", "etl");
  Add("tag", RuleType::kHeaderClientTags, "etl", "etl");
  DeclareAndRun();
  ExpectPolicy("port-a", PolicyVerdict::kRuledOut, "matches, but the others lead to etl only");
  ExpectPolicy("port-b", PolicyVerdict::kDecides, "leads to etl");
  configuration.policies.erase(configuration.policies.begin() + 1);
  DeclareAndRun();
  ExpectPolicy("tag", PolicyVerdict::kRuledOut, "matches, but no group satisfies all that match");
}

TEST_F(ExplanationTest, ListsGroupsInTheOrderTheyAreTried) {
  for (const auto id : {"f1", "f2"}) AddGroup(configuration, id);
  auto& policy = Add("tag", RuleType::kHeaderClientTags, "etl", "etl");
  policy.fallback_group = "f1";
  policy.more_fallback_groups = {"gone"};
  GroupOf("etl").fallback_groups = {"f2", "f1"};
  GroupOf("f2").enabled = false;
  DeclareAndRun();
  std::string groups;
  for (const auto& group : explanation.groups) {
    groups += group.id + "/" + std::string(NameOf(group.origin)) + "/" + group.reason + " ";
  }
  EXPECT_EQ(groups,
            "etl/policy/ f1/policy_fallback/ gone/policy_fallback/not declared "
            "f2/group_fallback/disabled adhoc/default/ ");
}

TEST_F(ExplanationTest, SaysWhyEachBackendIsInOrOut) {
  auto& group = GroupOf("adhoc");
  group.strategy = model::Strategy::kWeightedRoundRobin;
  group.weights = {{"none", 0}, {"c1", 7}};
  group.backends.push_back("gone");
  AddBackend("off", "adhoc").enabled = false;
  AddBackend("drains", "adhoc").draining = true;
  AddBackend("ill", "adhoc");
  AddBackend("starts", "adhoc");
  AddBackend("sleeps", "adhoc");
  AddBackend("none", "adhoc");
  AddBackend("full", "adhoc").load_limit = 10;
  AddBackend("unseen", "adhoc");
  configuration.backends.pop_back();
  facts.client_tags = "";
  Declare();
  configuration.backends.emplace_back().id = "unseen";
  registry.ReplaceFile(configuration, "adhoc");
  Report("ill", Health::kUnhealthy);
  registry.ReportStatus("starts", {.health = Health::kStarting, .reason = ""});
  registry.ReportStatus("sleeps", {.health = Health::kOffSchedule, .reason = ""});
  Report("full", Health::kHealthy, 12.5);
  Run();
  struct Case {
    std::string id;
    std::string reason;
  };
  const Case cases[] = {{"c1", ""},
                        {"off", "disabled"},
                        {"drains", "draining"},
                        {"ill", "timeout"},
                        {"starts", "starting"},
                        {"sleeps", "off_schedule"},
                        {"none", "weight 0"},
                        {"full", "load 12.5 is above its limit 10"},
                        {"unseen", "not probed yet"},
                        {"gone", "not declared"}};
  for (const auto& [id, reason] : cases) {
    SCOPED_TRACE(id);
    EXPECT_EQ(Backend("adhoc", id).reason, reason);
    EXPECT_EQ(Backend("adhoc", id).eligible, reason.empty());
  }
  EXPECT_EQ(Backend("adhoc", "c1").weight, 7);
  EXPECT_EQ(explanation.backend, "c1");
}

TEST_F(ExplanationTest, ShowsTheShareOfABackendThatRecovered) {
  GroupOf("adhoc").slow_start = 100s;
  facts.client_tags = "";
  Declare();
  clock.Advance(25s);
  Run();
  EXPECT_DOUBLE_EQ(Backend("adhoc", "c1").share, 0.25);
}

TEST_F(ExplanationTest, TakesNoTurnAndCountsNothing) {
  AddBackend("c3", "adhoc");
  facts.client_tags = "";
  DeclareAndRun();
  const auto picked = explanation.backend;
  Run();
  EXPECT_EQ(explanation.backend, picked);
  EXPECT_EQ(snapshot->FindBackend(picked)->counters->submissions, 0u);
}

TEST_F(ExplanationTest, SaysWhyNothingCanBePicked) {
  facts.client_tags = "";
  Declare();
  Report("c1", Health::kUnhealthy);
  Run();
  EXPECT_EQ(explanation.backend, "");
  EXPECT_EQ(explanation.unavailable, "adhoc: c1 (timeout)");
  EXPECT_NE(Text().find("no backend: adhoc: c1 (timeout)\n"), std::string::npos);
}

TEST_F(ExplanationTest, SaysThatThereIsNothingToPickFrom) {
  facts.client_tags = "";
  GroupOf("adhoc").backends.clear();
  DeclareAndRun();
  EXPECT_EQ(explanation.unavailable, "adhoc: no backends");
  GroupOf("adhoc").enabled = false;
  DeclareAndRun();
  EXPECT_EQ(explanation.groups[0].reason, "disabled");
  EXPECT_EQ(explanation.unavailable, "no enabled group is configured for it");
}

TEST_F(ExplanationTest, ShowsGroupsThatWereNamedInsteadOfAskingPolicies) {
  Add("tag", RuleType::kHeaderClientTags, "etl", "adhoc");
  GroupOf("etl").fallback_groups = {"adhoc"};
  Declare();
  snapshot = registry.Current();
  const std::vector<std::string> named = {"etl", "gone"};
  GroupChoice choice;
  GroupChooser().ChooseNamed(facts, *snapshot, named, "rule r -> etl", choice);
  explanation = Explain(facts, *snapshot,
                        {.choice = choice, .policies_unasked = "a rule decides", .named = named},
                        clock, random);
  std::string groups;
  for (const auto& group : explanation.groups) {
    groups += group.id + "/" + std::string(NameOf(group.origin)) + "/" + group.reason + " ";
  }
  EXPECT_EQ(groups, "etl/rule/ gone/rule/not declared adhoc/group_fallback/ ");
  EXPECT_EQ(explanation.backend, "c2");
  EXPECT_TRUE(explanation.deciding.empty());
  ExpectPolicy("tag", PolicyVerdict::kDecides, "leads to adhoc");
  EXPECT_NE(Text().find("\npolicies, which are not asked, as a rule decides\n"), std::string::npos);
}

TEST_F(ExplanationTest, SaysWhyThereIsNoChoice) {
  Declare();
  snapshot = registry.Current();
  const GroupChoice choice;
  const Decided decided{.choice = choice,
                        .owner = snapshot->FindBackend("c2"),
                        .settled = "its transaction runs there"};
  explanation = Explain(facts, *snapshot, decided, clock, random);
  EXPECT_EQ(explanation.group, "");
  EXPECT_TRUE(explanation.groups.empty());
  EXPECT_EQ(Text(), "backend c2, mode proxy: its transaction runs there\n\nno policies\n");
}

TEST_F(ExplanationTest, KeepsWhatHasAnOwnerInProxyMode) {
  Declare();
  snapshot = registry.Current();
  GroupChoice choice;
  choice.mode = model::Mode::kDirect;
  const Decided decided{.choice = choice, .owner = snapshot->FindBackend("c2"), .settled = "why"};
  EXPECT_EQ(Explain(facts, *snapshot, decided, clock, random).mode, model::Mode::kProxy);
}

TEST_F(ExplanationTest, TakesTheModeOfThePolicyOrElseOfTheGroup) {
  GroupOf("etl").mode = model::Mode::kDirect;
  Add("tag", RuleType::kHeaderClientTags, "etl", "etl");
  DeclareAndRun();
  EXPECT_EQ(explanation.mode, model::Mode::kDirect);
  configuration.policies.back().mode = model::Mode::kProxy;
  DeclareAndRun();
  EXPECT_EQ(explanation.mode, model::Mode::kProxy);
}

TEST_F(ExplanationTest, PrintsForPeople) {
  auto& policy = Add("tag", RuleType::kHeaderClientTags, "etl", "etl");
  policy.set_request_source = "gateway";
  policy.headers = {{"X-A", "1"}, {"X-B", std::nullopt}};
  Add("bob", RuleType::kNone, "", "adhoc").conditions = {
      {.type = ConditionType::kUser, .values = {"bob"}}};
  Add("port", RuleType::kListeningPort, "8080", "etl").auth_delegated = true;
  Declare();
  Report("c2", Health::kHealthy, 3);
  Run();
  EXPECT_EQ(Text(),
            "backend c2 of group etl, mode proxy\n"
            "because: policy port (listening_port=8080) -> etl; policy tag "
            "(header_client_tags=etl) -> etl; default adhoc\n"
            "source becomes: gateway\n"
            "header set: X-A: 1\n"
            "header removed: X-B\n"
            "credentials are checked by the provider\n"
            "\n"
            "policies\n"
            "  bob (1 condition; priority 0): condition_fails: its condition 'user: bob' does not "
            "hold\n"
            "    user: bob: fails\n"
            "  port (listening_port=8080; priority 0): decides: leads to etl\n"
            "  tag (header_client_tags=etl; priority 0): decides: leads to etl\n"
            "\n"
            "groups, in the order they are tried\n"
            "  etl (policy; round_robin)\n"
            "    c2: eligible, load 3, in flight 0, weight 1, share 1.00\n"
            "  adhoc (default; round_robin)\n"
            "    c1: eligible, in flight 0, weight 1, share 1.00\n");
}

}  // namespace
}  // namespace gateway::routing
