#include "rpc/convert_explanation.h"

#include <utility>

#include <gtest/gtest.h>

#include "rpc/json_writer.h"

namespace gateway::rpc {
namespace {

using Response = ::trino::gateway::v1::ExplainResponse;

// Enumerators are matched by name: each of them must have its own.
TEST(ConvertExplanation, HasAWordForEachVerdictFindingAndOrigin) {
  using routing::Finding;
  using routing::GroupOrigin;
  using routing::PolicyVerdict;
  using rules::RuleVerdict;
  explain::QueryExplanation explanation;
  for (const auto verdict :
       {PolicyVerdict::kDecides, PolicyVerdict::kRuledOut, PolicyVerdict::kOutranked,
        PolicyVerdict::kRuleFails, PolicyVerdict::kConditionFails, PolicyVerdict::kNotKnown,
        PolicyVerdict::kDisabled}) {
    routing::PolicyTrace trace{.id = "p", .verdict = verdict};
    for (const auto finding : {Finding::kHolds, Finding::kFails, Finding::kUnknown}) {
      trace.conditions.push_back({"user: ada", finding});
    }
    explanation.routing.policies.push_back(std::move(trace));
  }
  for (const auto origin :
       {GroupOrigin::kPolicy, GroupOrigin::kPolicyFallback, GroupOrigin::kGroupFallback,
        GroupOrigin::kDefault, GroupOrigin::kRule}) {
    explanation.routing.groups.push_back({.id = "g", .origin = origin});
  }
  for (const auto verdict : {RuleVerdict::kDecides, RuleVerdict::kRejects, RuleVerdict::kPasses,
                             RuleVerdict::kFails, RuleVerdict::kNotAsked, RuleVerdict::kDisabled}) {
    explanation.rules.push_back({"r", 0, verdict, ""});
  }
  const auto message = ToProto(explanation);
  for (std::size_t i = 0; i < explanation.routing.policies.size(); ++i) {
    const auto& trace = message.policies(static_cast<int>(i));
    EXPECT_EQ(Response::PolicyTrace::Verdict_Name(trace.verdict()),
              NameOf(explanation.routing.policies[i].verdict));
    for (int at = 0; at < trace.conditions_size(); ++at) {
      EXPECT_EQ(
          Response::PolicyTrace::ConditionTrace::Finding_Name(trace.conditions(at).finding()),
          NameOf(explanation.routing.policies[i].conditions[static_cast<std::size_t>(at)].finding));
    }
  }
  for (std::size_t i = 0; i < explanation.routing.groups.size(); ++i) {
    EXPECT_EQ(Response::GroupTrace::Origin_Name(message.groups(static_cast<int>(i)).origin()),
              NameOf(explanation.routing.groups[i].origin));
  }
  for (std::size_t i = 0; i < explanation.rules.size(); ++i) {
    EXPECT_EQ(Response::RuleTrace::Verdict_Name(message.rules(static_cast<int>(i)).verdict()),
              NameOf(explanation.rules[i].verdict));
  }
}

TEST(ConvertExplanation, HasAWordForEachStateOfTheExternalRouter) {
  using explain::ExternalVerdict;
  for (const auto verdict :
       {ExternalVerdict::kNotConfigured, ExternalVerdict::kNotNeeded, ExternalVerdict::kNotAsked,
        ExternalVerdict::kAsked, ExternalVerdict::kFailed}) {
    explain::QueryExplanation explanation;
    explanation.external.verdict = verdict;
    EXPECT_EQ(
        Response::ExternalRouter::Verdict_Name(ToProto(explanation).external_router().verdict()),
        NameOf(verdict));
  }
}

TEST(ConvertExplanation, LeavesOutWhatIsNotKnown) {
  explain::QueryExplanation explanation;
  auto& backends = explanation.routing.groups.emplace_back(routing::GroupTrace{.id = "g"}).backends;
  backends.push_back({.id = "c1", .eligible = true});
  backends.push_back({.id = "c2", .reason = "b\xFF", .load = 2.5});
  explanation.routing.headers = {{"X-A", "1"}, {"X-B", std::nullopt}};
  explanation.statement.emplace().outcome = "syntax_error";
  const auto json = WriteJson(ToProto(explanation));
  EXPECT_NE(json.find(R"("headers":[{"name":"X-A","value":"1"},{"name":"X-B"}])"),
            std::string::npos)
      << json;
  const auto message = ToProto(explanation);
  EXPECT_FALSE(message.groups(0).backends(0).has_load());
  EXPECT_EQ(message.groups(0).backends(1).load(), 2.5);
  EXPECT_EQ(message.groups(0).backends(1).reason(), "b\xEF\xBF\xBD");
  EXPECT_FALSE(message.statement().has_read_only());
  EXPECT_EQ(message.decision().groups(0), "g");
}

}  // namespace
}  // namespace gateway::rpc
