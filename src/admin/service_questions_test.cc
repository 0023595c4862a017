// What the service tells: health, members of groups, where a query would go.
#include <gtest/gtest.h>

#include "admin/service_fixture.h"
#include "routing/policies.h"

namespace gateway::admin {
namespace {

TEST_F(ServiceTest, TellsTheHealthOfTheWhole) {
  EXPECT_EQ(service.Health().status, Overall::kDown);
  Healthy("f1");
  EXPECT_EQ(service.Health().status, Overall::kOk);
  ASSERT_TRUE(service.PutBackend(BackendAt("c1", 8080), kAny, caller));
  EXPECT_EQ(service.Health().status, Overall::kDegraded);
}

TEST_F(ServiceTest, DoesNotCountADisabledBackendAsIll) {
  Healthy("f1");
  auto disabled = BackendAt("c1", 8080);
  disabled.enabled = false;
  ASSERT_TRUE(service.PutBackend(disabled, kAny, caller));
  EXPECT_EQ(service.Health().status, Overall::kOk);
}

TEST_F(ServiceTest, ExplainsWhichMembersOfAGroupTakeQueries) {
  Healthy("f1");
  ASSERT_TRUE(service.PutBackend(BackendAt("c1", 8080), kAny, caller));
  ASSERT_TRUE(service.PutGroup(GroupOf("etl", {"c1", "f1"}), kAny, caller));
  const auto routing = service.Routing();
  EXPECT_EQ(routing.default_group, "adhoc");
  EXPECT_EQ(routing.version, registry.Current()->version());
  ASSERT_EQ(routing.groups.size(), 2U);
  const auto& members = routing.groups[1].members;
  ASSERT_EQ(members.size(), 2U);
  EXPECT_EQ(members[0].id, "c1");
  EXPECT_FALSE(members[0].eligible);
  EXPECT_EQ(members[0].why, "not probed yet");
  EXPECT_TRUE(members[1].eligible);
  EXPECT_EQ(members[1].why, "");
}

TEST_F(ServiceTest, ShowsWhatIsDeclaredWithoutACopyOfIt) {
  const auto current = registry.Current();
  EXPECT_EQ(service.ListGroups().get(), &current->declared()->groups);
  EXPECT_EQ(service.ListPolicies().get(), &current->policies());
  EXPECT_EQ(service.ListRules().get(), &current->rules());
  EXPECT_EQ(service.Routing().policies.get(), &current->policies());
}

TEST_F(ServiceTest, ShowsAMemberThatTheFileNoLongerDeclares) {
  ASSERT_TRUE(service.PutGroup(GroupOf("etl", {"f1"}), kAny, caller));
  registry.ReplaceFile({}, "adhoc");
  const auto routing = service.Routing();
  ASSERT_EQ(routing.groups.size(), 1U);
  EXPECT_EQ(routing.groups[0].members[0].why, "not declared anywhere");
}

TEST_F(ServiceTest, EvaluatesLikeAQuery) {
  Healthy("f1");
  routing::RequestFacts facts;
  facts.client_tags = "etl";
  EXPECT_EQ(service.EvaluateGroups(facts), std::vector<std::string>{"adhoc"});
  const auto placement = service.EvaluateBackend({"unknown"});
  ASSERT_TRUE(placement) << MessageOf(placement);
  EXPECT_EQ(placement->backend_id, "f1");
  EXPECT_EQ(placement->group_id, "adhoc");
}

TEST_F(ServiceTest, NamesNoGroupForAQueryThatAPolicyRejects) {
  auto policy = PolicyTo("no", "adhoc");
  policy.rule_value = "banned";
  policy.reject_message = "not today";
  ASSERT_TRUE(service.PutPolicy(policy, kAny, caller));
  routing::RequestFacts facts;
  facts.client_tags = "banned";
  EXPECT_TRUE(service.EvaluateGroups(facts).empty());
  facts.client_tags = "etl";
  EXPECT_FALSE(service.EvaluateGroups(facts).empty());
}

TEST_F(ServiceTest, SaysWhyNoBackendCanTakeAQuery) {
  const auto placement = service.EvaluateBackend({"adhoc"});
  EXPECT_EQ(CodeOf(placement), ErrorCode::kUnavailable);
  EXPECT_NE(MessageOf(placement).find("f1"), std::string::npos) << MessageOf(placement);
}

TEST_F(ServiceTest, TellsWhatAPortImplies) {
  auto policy = PolicyTo("port", "adhoc");
  policy.rule_type = model::RuleType::kListeningPort;
  policy.rule_value = "8081";
  policy.auth_delegated = true;
  policy.set_request_source = "bi";
  ASSERT_TRUE(service.PutPolicy(policy, kAny, caller));
  EXPECT_TRUE(service.EvaluateAuthDelegation(8081));
  EXPECT_FALSE(service.EvaluateAuthDelegation(8082));
  EXPECT_EQ(service.EvaluateRequestSource(8081), "bi");
  EXPECT_EQ(service.EvaluateRequestSource(0), "");
  routing::RequestFacts facts;
  facts.port = 8081;
  routing::GroupChooser chooser;
  routing::GroupChoice choice;
  chooser.Choose(facts, *registry.Current(), choice);
  EXPECT_EQ(choice.set_request_source, "bi") << "a statement gets it";
}

TEST_F(ServiceTest, FindsTheBackendOfAQueryInTheHistoryOrByItsSuffix) {
  store::QueryRecord query;
  query.id = "20261123_212752_00000_old99";
  query.backend_id = "gone";
  query.group_id = "adhoc";
  ASSERT_TRUE(service.SaveQuery(query, caller));
  EXPECT_EQ(service.FindBackendForQuery(query.id)->backend_id, "gone");
  EXPECT_EQ(service.FindBackendForQuery("20261123_212752_00000_eif54")->backend_id, "f1");
  EXPECT_EQ(CodeOf(service.FindBackendForQuery("20261123_212752_00000_xxxxx")),
            ErrorCode::kNotFound);
}

}  // namespace
}  // namespace gateway::admin
