#include "proxy/placement.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "model/registry.h"

namespace gateway::proxy {
namespace {

constexpr std::uint16_t kPort = 8080;
const std::string kId = "20261123_212752_00000_eif54";
const std::string kPoll = "/v1/statement/queued/" + kId + "/y1/1";

struct PlacementTest : testing::Test {
  PlacementTest() {
    for (const auto id : {"c1", "c2"}) {
      configuration.backends.push_back({.id = id, .url = {false, "127.0.0.1", 18080}});
    }
    configuration.groups.push_back({.id = "adhoc", .backends = {"c1", "c2"}});
    configuration.groups.push_back({.id = "spare", .backends = {"c1"}});
    configuration.groups.push_back({.id = "etl", .backends = {"c2"}, .fallback_groups = {"spare"}});
    auto& policy = configuration.policies.emplace_back();
    policy.id = "no-robots";
    policy.rule_type = model::RuleType::kNone;
    policy.conditions = {{.type = model::ConditionType::kUser, .values = {"robot"}}};
    policy.reject_message = "no robots here";
    registry.ReplaceFile(configuration, "adhoc");
    for (const auto id : {"c1", "c2"}) {
      registry.ReportStatus(id, Status(model::Health::kHealthy));
    }
  }

  static model::BackendStatus Status(model::Health health, const std::string& suffix = "") {
    model::BackendStatus status;
    status.health = health;
    status.coordinator_suffix = suffix;
    return status;
  }

  Placement Of(const std::string& method,
               const std::string& target,
               const std::string& fields = "") {
    text = method + " " + target + " HTTP/1.1\r\nHost: gw\r\n" + fields + "\r\n";
    EXPECT_TRUE(http::ParseRequestHead(text, 20, head));
    snapshot = registry.Current();
    const auto request = ViewRequest(head);
    const HeaderLookup headers(head);
    auto facts = FactsOf(request, headers);
    facts.port = kPort;
    const routing::QueryFacts query{.type = statement_type,
                                    .category = {},
                                    .read_only = {},
                                    .catalogs = {},
                                    .schemas = {},
                                    .tables = {}};
    const auto ask = [&query] { return &query; };
    facts.query = ask;
    return Place(request, facts,
                 {*snapshot, view, chooser, decision, kill_target, refuse_transactions});
  }

  static std::vector<std::string> Ids(const Placement& placement) {
    std::vector<std::string> ids;
    for (const auto* backend : placement.candidates) ids.push_back(backend->backend.id);
    return ids;
  }

  using Strings = std::vector<std::string>;
  SystemClock clock;
  model::Configuration configuration;
  model::Registry registry{clock, "adhoc"};
  Stickiness sticky;
  StickyView view{sticky};
  routing::GroupChooser chooser;
  rules::Decision decision;
  std::string_view statement_type = "Query";
  std::optional<std::string_view> kill_target;
  bool refuse_transactions = false;
  std::string text;
  http::RequestHead head;
  model::SnapshotPtr snapshot;
};

TEST_F(PlacementTest, BalancesASubmissionAndIgnoresItsTag) {
  for (const auto& target : {std::string("/v1/statement"), std::string("/~c2/v1/statement")}) {
    SCOPED_TRACE(target);
    const auto placement = Of("POST", target);
    EXPECT_EQ(placement.kind, PlacementKind::kBalance);
    ASSERT_EQ(placement.choice.groups.size(), 1u);
    EXPECT_EQ(placement.choice.groups[0]->group.id, "adhoc");
    EXPECT_TRUE(placement.tag_uris);
  }
}

TEST_F(PlacementTest, SendsAPollToTheBackendNamedByItsTag) {
  const auto placement = Of("GET", "/~c2" + kPoll);
  EXPECT_EQ(placement.kind, PlacementKind::kOwner);
  EXPECT_EQ(Ids(placement), Strings{"c2"});
}

TEST_F(PlacementTest, BelievesATagUnlessItsCoordinatorIsKnownToBeElsewhereByNow) {
  const auto owners = [this](const std::string& method, const std::string& target) {
    return Ids(Of(method, "/~c1" + target));
  };
  const auto all = [&] {
    return Strings{owners("GET", kPoll).front(), owners("DELETE", "/v1/query/" + kId).front(),
                   owners("GET", "/ui/query.html?" + kId).front()};
  };
  registry.ReportStatus("c1", Status(model::Health::kHealthy, "other"));  // started anew
  EXPECT_EQ(all(), (Strings{"c1", "c1", "c1"}));
  registry.ReportStatus("c2", Status(model::Health::kHealthy, "eif54"));  // it has another name
  EXPECT_EQ(all(), (Strings{"c2", "c2", "c2"}));
  registry.ReportStatus("c1", Status(model::Health::kHealthy, ""));
  EXPECT_EQ(all(), (Strings{"c1", "c1", "c1"})) << "it is not known what c1 is";
  registry.ReportStatus("c1", Status(model::Health::kHealthy, "eif54"));
  EXPECT_EQ(all(), (Strings{"c1", "c1", "c1"})) << "both are it";
}

TEST_F(PlacementTest, SendsAPollToTheBackendThatGaveOutItsSuffix) {
  view.Learn("eif54", "c2");
  EXPECT_EQ(Ids(Of("GET", kPoll)), Strings{"c2"});
  EXPECT_EQ(Ids(Of("DELETE", "/v1/query/" + kId)), Strings{"c2"});
  EXPECT_EQ(Ids(Of("GET", "/~gone" + kPoll)), Strings{"c2"});
}

TEST_F(PlacementTest, KnowsTheSuffixThatTheMonitorSaw) {
  registry.ReportStatus("c1", Status(model::Health::kUnhealthy, "eif54"));
  const auto placement = Of("GET", kPoll);
  EXPECT_EQ(placement.kind, PlacementKind::kOwner);
  EXPECT_EQ(Ids(placement), Strings{"c1"});
}

TEST_F(PlacementTest, AsksEverybodyAboutAnUnknownSuffixHealthyOnesFirst) {
  registry.ReportStatus("c1", Status(model::Health::kUnhealthy));
  const auto placement = Of("GET", kPoll);
  EXPECT_EQ(placement.kind, PlacementKind::kAsk);
  EXPECT_EQ(Ids(placement), (Strings{"c2", "c1"}));
}

TEST_F(PlacementTest, AsksOnlyThoseThatShareASuffix) {
  view.Learn("eif54", "c2");
  view.Learn("eif54", "c1");
  view.Learn("eif54", "gone");
  const auto placement = Of("GET", kPoll);
  EXPECT_EQ(placement.kind, PlacementKind::kAsk);
  EXPECT_EQ(Ids(placement), (Strings{"c1", "c2"}));
}

TEST_F(PlacementTest, RefusesTransactionsFromTheirStartOnWhereThatIsWanted) {
  const std::string inside = "X-Trino-Transaction-Id: 1-2-3~c2\r\n";
  for (const bool refuse : {false, true}) {
    refuse_transactions = refuse;
    statement_type = routing::kStartTransaction;
    EXPECT_EQ(Of("POST", "/v1/statement").kind == PlacementKind::kRefuse, refuse);
    statement_type = "Query";
    const auto placement = Of("POST", "/v1/statement", inside);
    EXPECT_EQ(placement.kind, refuse ? PlacementKind::kRefuse : PlacementKind::kOwner);
    if (refuse) {
      EXPECT_EQ(placement.failure.name, "GATEWAY_TRANSACTIONS_REFUSED");
    }
    EXPECT_EQ(Of("POST", "/v1/statement", "X-Trino-Transaction-Id: none\r\n").kind,
              PlacementKind::kBalance);
    EXPECT_EQ(Of("GET", "/~c2" + kPoll, inside).kind, PlacementKind::kOwner);
  }
}

TEST_F(PlacementTest, SendsAKillToWhoeverIsKnownToOwnTheQuery) {
  const auto kill = [this] { return Of("POST", "/v1/statement", "X-Trino-User: robot\r\n"); };
  kill_target = kId;
  EXPECT_EQ(kill().failure.name, "GATEWAY_KILL_FAILED") << "nobody knows the owner";
  EXPECT_TRUE(kill().refusal.contains("was not found")) << kill().refusal;
  registry.ReportStatus("c1", Status(model::Health::kHealthy, "eif54"));  // the monitor saw it
  EXPECT_EQ(Ids(kill()), Strings{"c1"});
  view.Learn("eif54", "c2");  // a later answer of another one
  EXPECT_EQ(Ids(kill()), Strings{"c2"});
  EXPECT_TRUE(kill().kills);
  EXPECT_EQ(kill().choice.trace, "kill_query: its query runs on c2");
  kill_target = "nonsense";
  EXPECT_EQ(kill().failure.name, "GATEWAY_KILL_FAILED");
}

TEST_F(PlacementTest, TakesAKillOutOfATransactionOfAnotherCluster) {
  kill_target = kId;
  view.Learn("eif54", "c2");
  const auto kill = [this](const std::string& transaction) {
    const auto placement =
        Of("POST", "/v1/statement", "X-Trino-Transaction-Id: " + transaction + "\r\n");
    EXPECT_EQ(Ids(placement), Strings{"c2"});
    return placement.leaves_transaction;
  };
  EXPECT_TRUE(kill("1-2-3~c1"));
  EXPECT_TRUE(kill("1-2-3")) << "nobody knows whose it is";
  EXPECT_FALSE(kill("1-2-3~c2"));
  EXPECT_FALSE(kill("NONE"));
}

TEST_F(PlacementTest, ChangesAKillAsPoliciesWantItButNeverRefusesIt) {
  auto& robots = configuration.policies.front();
  robots.headers = {{"X-Secret", std::nullopt}};
  robots.set_request_source = "robots";
  registry.ReplaceFile(configuration, "adhoc");
  kill_target = kId;
  view.Learn("eif54", "c2");
  const auto placement = Of("POST", "/v1/statement", "X-Trino-User: robot\r\n");
  EXPECT_EQ(placement.kind, PlacementKind::kOwner);
  EXPECT_EQ(placement.choice.reject_message, "");
  ASSERT_EQ(placement.choice.headers.size(), 1u);
  EXPECT_EQ(placement.choice.headers[0]->name, "X-Secret");
  EXPECT_EQ(placement.choice.set_request_source, "robots");
}

TEST_F(PlacementTest, TellsTheEndOfATransactionWhoseClusterIsKnown) {
  const auto ends = [this](std::string_view type, const std::string& transaction) {
    text = "POST /v1/statement HTTP/1.1\r\nHost: gw\r\nX-Trino-Transaction-Id: " + transaction +
           "\r\n\r\n";
    EXPECT_TRUE(http::ParseRequestHead(text, 20, head));
    routing::QueryFacts query;
    query.type = type;
    return EndsTransaction(ViewRequest(head), &query);
  };
  EXPECT_TRUE(ends("Commit", "1-2-3~c1"));
  EXPECT_TRUE(ends("Rollback", "1-2-3~c1"));
  EXPECT_FALSE(ends("Query", "1-2-3~c1"));
  EXPECT_FALSE(ends("Commit", "1-2-3"));
  EXPECT_FALSE(ends("Commit", "NONE"));
  EXPECT_FALSE(EndsTransaction(ViewRequest(head), nullptr));
}

TEST_F(PlacementTest, SendsAKillToWhoHasTheSuffixNowRatherThanToWhoHadIt) {
  kill_target = kId;
  view.Learn("eif54", "c1");
  registry.ReportStatus("c1", Status(model::Health::kHealthy, "other"));  // started anew
  EXPECT_EQ(Ids(Of("POST", "/v1/statement")), Strings{"c1"});
  registry.ReportStatus("c2", Status(model::Health::kHealthy, "eif54"));  // it moved
  EXPECT_EQ(Ids(Of("POST", "/v1/statement")), Strings{"c2"});
}

TEST_F(PlacementTest, RefusesAKillWhoseClusterIsNotConfiguredAnyMore) {
  kill_target = kId;
  view.Learn("eif54", "c9");
  const auto placement = Of("POST", "/v1/statement");
  EXPECT_EQ(placement.failure.name, "GATEWAY_KILL_FAILED");
  EXPECT_TRUE(placement.refusal.contains("'c9'")) << placement.refusal;
}

// Each cluster says 204 to DELETE /v1/query/{id}, whether it knows the query or not.
TEST_F(PlacementTest, CancelsAtTheOwnerAloneOnlyWhenThatIsCertain) {
  const auto cancel = [this] { return Of("DELETE", "/v1/query/" + kId); };
  EXPECT_EQ(cancel().kind, PlacementKind::kAsk);
  EXPECT_TRUE(cancel().cancels) << "nobody knows the owner";
  view.Learn("eif54", "c1");
  EXPECT_EQ(cancel().kind, PlacementKind::kOwner);
  registry.ReportStatus("c1", Status(model::Health::kHealthy, "other"));
  EXPECT_EQ(Ids(cancel()), (Strings{"c1", "c2"})) << "its owner was started anew, or moved";
  EXPECT_TRUE(cancel().cancels);
  registry.ReportStatus("c2", Status(model::Health::kHealthy, "eif54"));
  EXPECT_EQ(cancel().kind, PlacementKind::kOwner);
  EXPECT_EQ(Ids(cancel()), Strings{"c2"});
  registry.ReportStatus("c1", Status(model::Health::kHealthy, "eif54"));
  EXPECT_EQ(Ids(cancel()), (Strings{"c1", "c2"})) << "both have it";
  EXPECT_TRUE(cancel().cancels);
}

TEST_F(PlacementTest, CancelsNothingWhoseClusterIsNotConfiguredAnyMore) {
  EXPECT_EQ(Of("DELETE", "/~c9/v1/query/" + kId).kind, PlacementKind::kOwnerGone);
  view.Learn("eif54", "c8");
  const auto placement = Of("DELETE", "/v1/query/" + kId);
  EXPECT_EQ(placement.kind, PlacementKind::kOwnerGone);
  EXPECT_TRUE(placement.refusal.contains("'c8'")) << placement.refusal;
}

TEST_F(PlacementTest, LetsClustersTellWhoseQueryAPollIs) {
  view.Learn("eif54", "c1");
  registry.ReportStatus("c1", Status(model::Health::kHealthy, "other"));
  registry.ReportStatus("c2", Status(model::Health::kHealthy, "eif54"));
  const auto placement = Of("DELETE", kPoll);
  EXPECT_EQ(placement.kind, PlacementKind::kAsk);
  EXPECT_EQ(Ids(placement), (Strings{"c2", "c1"}));
  EXPECT_FALSE(placement.cancels);
}

TEST_F(PlacementTest, KeepsATransactionOnItsCluster) {
  const auto placement = Of("POST", "/v1/statement", "X-Trino-Transaction-Id: 1-2-3~c2\r\n");
  EXPECT_EQ(placement.kind, PlacementKind::kOwner);
  EXPECT_EQ(Ids(placement), Strings{"c2"});
  EXPECT_EQ(Of("POST", "/v1/statement", "X-Trino-Transaction-Id: NONE\r\n").kind,
            PlacementKind::kBalance);
}

TEST_F(PlacementTest, RefusesATransactionWhoseClusterIsGone) {
  const auto placement = Of("POST", "/v1/statement", "X-Presto-Transaction-Id: 1-2-3~c9\r\n");
  EXPECT_EQ(placement.kind, PlacementKind::kRefuse);
  EXPECT_NE(placement.refusal.find("'c9'"), std::string::npos);
}

TEST_F(PlacementTest, RefusesASubmissionThatAPolicyRejects) {
  for (const std::string fields : {"", "X-Trino-Transaction-Id: 1-2-3~c2\r\n"}) {
    SCOPED_TRACE(fields);
    const auto placement = Of("POST", "/v1/statement", "X-Trino-User: robot\r\n" + fields);
    EXPECT_EQ(placement.kind, PlacementKind::kRefuse);
    EXPECT_EQ(placement.refusal, "no robots here");
    EXPECT_EQ(placement.failure.name, "GATEWAY_QUERY_REJECTED");
  }
  EXPECT_EQ(Of("GET", "/v1/info", "X-Trino-User: robot\r\n").kind, PlacementKind::kBalance);
}

TEST_F(PlacementTest, KeepsABrowserOnTheClusterOfItsCookie) {
  const auto first = Of("GET", "/ui/");
  EXPECT_EQ(first.kind, PlacementKind::kBalance);
  EXPECT_TRUE(first.set_cookie);
  const auto next = Of("GET", "/ui/", "Cookie: a=b; trino-gateway-backend=c2\r\n");
  EXPECT_EQ(next.kind, PlacementKind::kOwner);
  EXPECT_EQ(Ids(next), Strings{"c2"});
  EXPECT_EQ(Of("GET", "/ui/", "Cookie: trino-gateway-backend=gone\r\n").kind,
            PlacementKind::kBalance);
}

TEST_F(PlacementTest, ShowsABrowserTheUiOfAnotherClusterWhileItsOwnIsGone) {
  const std::string cookie = "Cookie: trino-gateway-backend=c2\r\n";
  using enum model::Health;
  for (const auto health : {kUnhealthy, kStarting, kOffSchedule}) {
    auto status = Status(health);
    status.failure_class = "refused";
    registry.ReportStatus("c2", status);
    for (const auto method : {"GET", "HEAD"}) {
      const auto placement = Of(method, "/ui/", cookie);
      EXPECT_EQ(placement.kind, PlacementKind::kBalance);
      EXPECT_TRUE(placement.set_cookie);
    }
    EXPECT_EQ(Ids(Of("POST", "/ui/login", cookie)), Strings{"c2"});
    EXPECT_EQ(Ids(Of("GET", "/oauth2/callback", cookie)), Strings{"c2"});
  }
  registry.ReportStatus("c2", Status(kUnknown));
  EXPECT_EQ(Ids(Of("GET", "/ui/", cookie)), Strings{"c2"});
  registry.ReportStatus("c2", Status(kUnhealthy));
  EXPECT_EQ(Ids(Of("GET", "/ui/", cookie)), Strings{"c2"}) << "there one sees what it lacks";
}

TEST_F(PlacementTest, SendsAQueryPageToTheOwnerWhateverTheCookieSays) {
  view.Learn("eif54", "c1");
  const auto placement = Of("GET", "/ui/query.html?" + kId, "Cookie: trino-gateway-backend=c2\r\n");
  EXPECT_EQ(Ids(placement), Strings{"c1"});
  EXPECT_TRUE(placement.set_cookie);
}

TEST_F(PlacementTest, LeadsATaggedUiPageToTheUntaggedPath) {
  const auto placement = Of("GET", "/~c2/ui/query.html?" + kId);
  EXPECT_EQ(placement.kind, PlacementKind::kRedirect);
  EXPECT_EQ(Ids(placement), Strings{"c2"});
}

TEST_F(PlacementTest, FollowsTheTagOfASpooledSegment) {
  EXPECT_EQ(Ids(Of("GET", "/~c2/v1/spooled/download/abc=")), Strings{"c2"});
  EXPECT_EQ(Of("GET", "/v1/spooled/ack/abc=").kind, PlacementKind::kAsk);
}

TEST_F(PlacementTest, TellsUnknownPathsFromWrongMethods) {
  EXPECT_EQ(Of("GET", "/v1/task").kind, PlacementKind::kNotFound);
  EXPECT_EQ(Of("PUT", "/v1/statement").kind, PlacementKind::kBadMethod);
}

TEST_F(PlacementTest, GoesByRulesWhereTheyHaveDecided) {
  decision.groups = {"etl", "gone"};
  decision.headers = {{"X-A", "1"}};
  decision.source = "rule";
  decision.trace = "rule test -> etl";
  const auto placement = Of("POST", "/v1/statement", "X-Trino-User: robot\r\n");
  EXPECT_EQ(placement.kind, PlacementKind::kBalance);
  Strings groups;
  for (const auto* group : placement.choice.groups) groups.push_back(group->group.id);
  EXPECT_EQ(groups, (Strings{"etl", "spare", "adhoc"}));
  ASSERT_EQ(placement.choice.headers.size(), 1u);
  EXPECT_EQ(placement.choice.headers[0]->name, "X-A");
  EXPECT_EQ(placement.choice.set_request_source, "rule");
  EXPECT_EQ(placement.choice.trace, "rule test -> etl; default adhoc");
}

TEST_F(PlacementTest, RefusesWhatRulesReject) {
  decision.reject = "not like this";
  const auto placement = Of("POST", "/v1/statement");
  EXPECT_EQ(placement.kind, PlacementKind::kRefuse);
  EXPECT_EQ(placement.refusal, "not like this");
  EXPECT_EQ(placement.failure.name, "GATEWAY_QUERY_REJECTED");
  EXPECT_EQ(Of("GET", "/v1/info").kind, PlacementKind::kBalance);
}

TEST_F(PlacementTest, GoesByPoliciesAndTheChangesOfRulesWhereThoseHaveNotDecided) {
  decision.headers = {{"X-A", std::nullopt}};
  decision.trace = "rule test failed";
  EXPECT_EQ(Of("POST", "/v1/statement", "X-Trino-User: robot\r\n").refusal, "no robots here");
  const auto placement = Of("POST", "/v1/statement");
  ASSERT_EQ(placement.choice.headers.size(), 1u);
  EXPECT_EQ(placement.choice.headers[0]->name, "X-A");
  EXPECT_TRUE(placement.choice.trace.starts_with("rule test failed; ")) << placement.choice.trace;
}

TEST_F(PlacementTest, KeepsATransactionOnItsClusterWhateverRulesSay) {
  decision.groups = {"etl"};
  decision.headers = {{"X-A", "1"}};
  const auto placement = Of("POST", "/v1/statement", "X-Trino-Transaction-Id: t1~c1\r\n");
  EXPECT_EQ(placement.kind, PlacementKind::kOwner);
  EXPECT_EQ(Ids(placement), Strings{"c1"});
  EXPECT_EQ(placement.choice.headers.size(), 1u);
}

}  // namespace
}  // namespace gateway::proxy
