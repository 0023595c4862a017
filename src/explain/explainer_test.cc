#include "explain/explainer.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "base/result_testing.h"
#include "http/fake_server.h"
#include "routing/policies.h"

namespace gateway::explain {
namespace {

using model::ConditionType;
using model::RuleType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kSuffix = "eif54";

struct ExplainerTest : testing::Test {
  ExplainerTest() {
    for (const auto& [group, backend] :
         {std::pair("adhoc", "c1"), std::pair("etl", "c2"), std::pair("bi", "c3")}) {
      configuration.backends.emplace_back().id = backend;
      auto& added = configuration.groups.emplace_back();
      added.id = group;
      added.backends = {backend};
    }
    stickiness.Learn(kSuffix, "c3");
  }

  model::Policy& AddPolicy(const std::string& id, model::Condition condition) {
    auto& policy = configuration.policies.emplace_back();
    policy.id = id;
    policy.rule_type = RuleType::kNone;
    policy.group = "etl";
    policy.conditions = {std::move(condition)};
    return policy;
  }

  void AddRule(std::string id, std::string source, int priority = 0) {
    rules::Rule rule;
    rule.file = id + ".lua";
    rule.id = std::move(id);
    rule.source = std::move(source);
    rule.priority = priority;
    rule.text = true;
    rule_list.push_back(std::move(rule));
    const auto taken = book.ReplaceFile(rule_list);
    EXPECT_TRUE(taken) << taken.error().message;
  }

  QueryExplanation Explain(const DescribedQuery& query) {
    registry.ReplaceFile(configuration, "adhoc");
    for (const auto& backend : configuration.backends) {
      registry.ReportStatus(backend.id, {.health = model::Health::kHealthy, .reason = ""});
    }
    const Explainer explainer({clock, registry, book, options, stickiness, logger});
    auto explained = explainer.Explain(query);
    EXPECT_TRUE(explained) << explained.error().message;
    return explained ? *std::move(explained) : QueryExplanation();
  }

  FakeClock clock;
  model::Configuration configuration;
  model::Registry registry{clock, "adhoc"};
  std::vector<rules::Rule> rule_list;
  rules::RuleBook book{clock};
  proxy::ProxyOptions options;
  std::optional<rules::ExternalRouterOptions>& external = options.external_router;
  proxy::Stickiness stickiness;
  telemetry::Logger logger{telemetry::Level::kError};
};

TEST_F(ExplainerTest, TellsWhatTheStatementSaysAndPoliciesGoByIt) {
  AddPolicy("writes", {.type = ConditionType::kReadOnly, .values = {"false"}});
  const auto explained = Explain(
      {.catalog = "hive", .schema = "web", .sql = "INSERT INTO visits SELECT * FROM pg.s.raw"});
  const auto& statement = *explained.statement;
  EXPECT_EQ(statement.outcome, "ok");
  EXPECT_EQ(statement.type, "Insert");
  EXPECT_EQ(statement.category, "INSERT");
  EXPECT_EQ(statement.read_only, false);
  EXPECT_THAT(statement.tables, ElementsAre("hive.web.visits", "pg.s.raw"));
  EXPECT_EQ(explained.routing.backend, "c2");
  EXPECT_THAT(explained.routing.deciding, ElementsAre("writes"));
}

TEST_F(ExplainerTest, RoutesAStatementThatIsNotUnderstoodByTheRest) {
  AddPolicy("writes", {.type = ConditionType::kReadOnly, .values = {"false"}});
  const auto explained = Explain({.sql = "SELEKT 1"});
  EXPECT_FALSE(explained.statement->understood);
  EXPECT_EQ(explained.statement->outcome, "syntax_error");
  EXPECT_EQ(explained.routing.policies[0].verdict, routing::PolicyVerdict::kNotKnown);
  EXPECT_EQ(explained.routing.backend, "c1");
  EXPECT_FALSE(Explain({}).statement);
}

TEST_F(ExplainerTest, RunsRulesForRealAndLeavesPoliciesUnasked) {
  AddPolicy("ada", {.type = ConditionType::kUser, .values = {"ada"}});
  AddRule("tables", "if query.tables[1] == 'pg.s.raw' then return {'bi', 'etl'} end");
  const auto explained = Explain({.user = "ada", .sql = "SELECT * FROM pg.s.raw"});
  ASSERT_EQ(explained.rules.size(), 1u);
  EXPECT_EQ(explained.rules[0].reason, "leads to bi, etl");
  EXPECT_EQ(explained.routing.backend, "c3");
  EXPECT_EQ(explained.routing.policies_unasked, "a rule decides");
  EXPECT_EQ(explained.routing.policies[0].verdict, routing::PolicyVerdict::kDecides);
  EXPECT_TRUE(explained.routing.deciding.empty());
  ASSERT_EQ(explained.routing.groups.size(), 3u);
  EXPECT_EQ(explained.routing.groups[0].origin, routing::GroupOrigin::kRule);
  EXPECT_EQ(explained.routing.groups[2].origin, routing::GroupOrigin::kDefault);
  EXPECT_EQ(explained.routing.trace, "rule tables -> bi; rule tables -> etl; default adhoc");

  const auto other = Explain({.user = "ada", .sql = "SELECT 1"});
  EXPECT_EQ(other.routing.backend, "c2");
  EXPECT_EQ(other.routing.policies_unasked, "");
}

TEST_F(ExplainerTest, PutsChangesOfRulesAfterThoseOfPolicies) {
  AddPolicy("ada", {.type = ConditionType::kUser, .values = {"ada"}}).headers = {{"X-A", "policy"}};
  AddRule("set", "return {headers = {set = {['X-A'] = 'rule'}}, source = 'rule'}");
  const auto explained = Explain({.user = "ada"});
  ASSERT_EQ(explained.routing.headers.size(), 2u);
  EXPECT_EQ(explained.routing.headers[0].value, "policy");
  EXPECT_EQ(explained.routing.headers[1].value, "rule");
  EXPECT_EQ(explained.routing.set_request_source, "rule");
}

TEST_F(ExplainerTest, SaysThatARuleOrAPolicyRefuses) {
  AddPolicy("no", {.type = ConditionType::kUser, .values = {"ada"}}).reject_message = "not you";
  auto explained = Explain({.user = "ada"});
  EXPECT_EQ(explained.routing.reject_message, "not you");
  EXPECT_EQ(explained.routing.backend, "");
  EXPECT_THAT(explained.routing.deciding, ElementsAre("no"));
  AddRule("closed", "return {reject = 'closed'}");
  explained = Explain({.user = "ada"});
  EXPECT_EQ(explained.routing.reject_message, "closed");
  EXPECT_EQ(explained.routing.policies_unasked, "a rule decides");
  EXPECT_THAT(ToText(explained), StartsWith("rejected: closed\nbecause: rule closed rejects"));
}

TEST_F(ExplainerTest, SendsAKillToTheOwnerOfTheQueryWhateverRulesSay) {
  external.emplace();
  AddRule("all", "return 'etl'");
  const DescribedQuery kill{
      .sql = "CALL system.runtime.kill_query(query_id => '20261123_212752_00000_eif54')"};
  const auto explained = Explain(kill);
  EXPECT_EQ(explained.statement->kill_target, "20261123_212752_00000_eif54");
  EXPECT_EQ(explained.routing.backend, "c3");
  EXPECT_EQ(explained.routing.settled, "the query to be killed runs there");
  EXPECT_EQ(explained.routing.policies_unasked,
            "only the owner of a query can kill it: they change headers and source of the "
            "statement");
  ASSERT_EQ(explained.rules.size(), 1u);
  EXPECT_EQ(explained.rules[0].verdict, rules::RuleVerdict::kNotAsked);
  EXPECT_EQ(explained.rules[0].reason, "only the owner of a query can kill it");
  EXPECT_EQ(explained.external.reason, "only the owner of a query can kill it");
  EXPECT_TRUE(explained.routing.groups.empty());
  EXPECT_THAT(ToText(explained),
              StartsWith("backend c3, mode proxy: the query to be killed runs there\n"));
}

TEST_F(ExplainerTest, ChangesAKillAsPoliciesWantIt) {
  AddPolicy("ada", {.type = ConditionType::kUser, .values = {"ada"}}).headers = {
      {"X-Secret", std::nullopt}};
  const auto explained = Explain(
      {.user = "ada", .sql = "CALL system.runtime.kill_query('20261123_212752_00000_eif54')"});
  EXPECT_EQ(explained.routing.backend, "c3");
  ASSERT_EQ(explained.routing.headers.size(), 1u);
  EXPECT_EQ(explained.routing.headers[0].name, "X-Secret");
}

TEST_F(ExplainerTest, KeepsATransactionOnItsCluster) {
  const auto in_transaction = [&](const std::string& id) {
    return Explain({.user = "ada", .headers = {{"X-Trino-Transaction-Id", id}}});
  };
  const auto kept = in_transaction("4f1b9c5e-8a70-4ad6-9a3c-0d7c6a9f1e11~c2");
  EXPECT_EQ(kept.routing.settled, "its transaction runs there");
  EXPECT_EQ(kept.routing.backend, "c2");
  const auto lost = in_transaction("4f1b9c5e-8a70-4ad6-9a3c-0d7c6a9f1e11~gone");
  EXPECT_THAT(lost.routing.reject_message, HasSubstr("no longer configured"));
  EXPECT_EQ(lost.routing.backend, "");
}

TEST_F(ExplainerTest, AsksNoPolicyAboutWhatIsRefusedBeforeThem) {
  AddPolicy("ada", {.type = ConditionType::kUser, .values = {"ada"}});
  const auto refused = [&](std::string sql) {
    const auto explained = Explain({.user = "ada", .sql = std::move(sql)}).routing;
    EXPECT_NE(explained.reject_message, "");
    EXPECT_TRUE(explained.groups.empty());
    EXPECT_EQ(explained.unavailable, "");
    EXPECT_EQ(explained.backend, "");
    return explained.policies_unasked;
  };
  EXPECT_EQ(refused("CALL system.runtime.kill_query('20261123_212752_00000_zzzzz')"),
            "only the owner of a query can kill it");
  options.refuse_transactions = true;
  EXPECT_EQ(refused("START TRANSACTION"), "the gateway refuses transactions");
}

TEST_F(ExplainerTest, HoldsBackATextThatAnExchangeWouldNotKeep) {
  options.limits.replay_bytes = 20;
  AddPolicy("writes", {.type = ConditionType::kReadOnly, .values = {"false"}});
  AddPolicy("large", {.type = ConditionType::kTextSize, .values = {"21-"}}).group = "bi";
  AddRule("text", "if query.text ~= '' then return 'etl' end");
  const auto explained = Explain({.sql = "INSERT INTO a.b.c VALUES 1"});
  EXPECT_EQ(explained.statement->outcome, "too_large");
  EXPECT_FALSE(explained.statement->understood);
  EXPECT_EQ(explained.routing.backend, "c3");
  EXPECT_EQ(Explain({.sql = "SELECT 1"}).routing.backend, "c2");
}

TEST_F(ExplainerTest, SaysThatHeadersThatContradictEachOtherAreRefused) {
  AddRule("all", "return 'etl'");
  external.emplace();
  const auto explained = Explain({.user = "ada", .headers = {{"X-Trino-User", "bob"}}});
  EXPECT_EQ(NameOf(explained.external.verdict), "not_needed");
  EXPECT_EQ(explained.external.reason, "the request is refused before");
  EXPECT_THAT(explained.routing.reject_message, StartsWith("400 Bad Request: it has several"));
  EXPECT_EQ(explained.routing.backend, "");
  EXPECT_EQ(explained.routing.policies_unasked, "the request is refused before");
  EXPECT_TRUE(explained.rules.empty());
  EXPECT_THAT(ToText(explained), StartsWith("rejected: 400 Bad Request"));
}

TEST_F(ExplainerTest, TakesTheTimeThatIsTold) {
  AddPolicy("morning", {.type = ConditionType::kTimeWindow, .values = {"* 8 * * *"}});
  const auto day = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24);
  EXPECT_EQ(Explain({.time = day + std::chrono::minutes(8 * 60 + 5)}).routing.backend, "c2");
  EXPECT_EQ(Explain({.time = day + std::chrono::minutes(9 * 60)}).routing.backend, "c1");
}

TEST_F(ExplainerTest, SaysWhyTheExternalRouterIsNotAsked) {
  const auto none = Explain({});
  EXPECT_EQ(NameOf(none.external.verdict), "not_configured");
  EXPECT_EQ(none.external.reason, "there is none");
  external.emplace();
  const auto open = Explain({});
  EXPECT_EQ(NameOf(open.external.verdict), "not_asked");
  EXPECT_THAT(ToText(open), HasSubstr("\nexternal router: not_asked: a query would ask it;"));
  AddRule("all", "return 'etl'");
  const auto decided = Explain({.ask_external = true});
  EXPECT_EQ(NameOf(decided.external.verdict), "not_needed");
  EXPECT_EQ(decided.external.reason, "a rule decides before it");
}

TEST_F(ExplainerTest, RefusesWhatIsNoHeader) {
  const Explainer explainer({clock, registry, book, options, stickiness, logger});
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"", "a"}, {"X Y", "a"}, {"X-A", "a\r\nX-Trino-User: eve"}, {"X-A\r\n", "a"}}) {
    SCOPED_TRACE(name + ": " + value);
    EXPECT_EQ(CodeOf(explainer.Explain({.headers = {{name, value}}})), ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(CodeOf(explainer.Explain({.user = "a\nb"})), ErrorCode::kInvalidArgument);
  DescribedQuery many;
  for (int i = 0; i < 101; ++i) many.headers.emplace_back("X-A", "1");
  EXPECT_EQ(CodeOf(explainer.Explain(many)), ErrorCode::kTooLarge);
  EXPECT_EQ(CodeOf(explainer.Explain({.host = std::string(70'000, 'h')})), ErrorCode::kTooLarge);
}

// The router is real, on another thread; so is the clock of its deadlines.
struct ExplainerWithRouterTest : ExplainerTest {
  ~ExplainerWithRouterTest() override { StopRouter(); }

  // What the router's thread has seen may be read afterwards.
  void StopRouter() {
    if (!thread.joinable()) return;
    io.stop();
    thread.join();
  }

  void Route(http::FakeServer::Handler handler) {
    server.emplace(io, std::move(handler));
    external.emplace();
    external->location = {server->url(), "/route"};
    external->query_properties = true;
    thread = std::thread([this] { io.run(); });
  }

  http::asio::io_context io;
  std::optional<http::FakeServer> server;
  std::thread thread;
};

TEST_F(ExplainerWithRouterTest, AsksTheExternalRouterWhenTold) {
  Route([](const http::FakeRequest&) { return http::Answer(200, R"({"routingGroup": "bi"})"); });
  const auto explained =
      Explain({.user = "ada", .sql = "SELECT 1 FROM a.b.c", .ask_external = true});
  EXPECT_EQ(NameOf(explained.external.verdict), "asked");
  EXPECT_EQ(explained.external.reason, "external router -> bi");
  EXPECT_EQ(explained.routing.policies_unasked, "the external router decides");
  EXPECT_EQ(explained.routing.backend, "c3");
  StopRouter();
  ASSERT_EQ(server->requests().size(), 1u);
  EXPECT_EQ(server->requests()[0].Field("X-Trino-User"), "ada");
  EXPECT_THAT(server->requests()[0].body, HasSubstr("SELECT 1 FROM a.b.c"));
}

TEST_F(ExplainerWithRouterTest, SaysWhatARouterChangesThatNamesNoGroup) {
  Route([](const http::FakeRequest&) {
    return http::Answer(200, R"({"externalHeaders": {"X-Team": "bi"}})");
  });
  const auto explained = Explain({.ask_external = true});
  EXPECT_EQ(explained.external.reason, "external router leaves it to policies");
  ASSERT_EQ(explained.routing.headers.size(), 1u);
  EXPECT_EQ(explained.routing.headers[0].name, "X-Team");
}

TEST_F(ExplainerWithRouterTest, SaysThatTheRouterRejects) {
  Route([](const http::FakeRequest&) { return http::Answer(200, R"({"errors": ["no quota"]})"); });
  external->propagate_errors = true;
  const auto explained = Explain({.ask_external = true});
  EXPECT_EQ(explained.external.reason, "external router rejects");
  EXPECT_EQ(explained.routing.reject_message, "no quota");
  EXPECT_THAT(explained.routing.trace, StartsWith("external router rejects"));
}

TEST_F(ExplainerWithRouterTest, LetsATransactionEndWhereTheRouterFails) {
  Route([](const http::FakeRequest&) { return http::Answer(500, ""); });
  external->fallback = rules::RouterFallback::kReject;
  const auto in_transaction = [&](std::string sql) {
    return Explain({.user = "ada",
                    .headers = {{"X-Trino-Transaction-Id", "1-2-3~c2"}},
                    .sql = std::move(sql),
                    .ask_external = true})
        .routing;
  };
  EXPECT_EQ(in_transaction("COMMIT").backend, "c2");
  EXPECT_EQ(in_transaction("COMMIT").unavailable, "");
  EXPECT_EQ(in_transaction("SELECT 1").backend, "");
}

TEST_F(ExplainerWithRouterTest, ShowsTheFallbackOfARouterThatFails) {
  Route([](const http::FakeRequest&) { return http::Answer(500, ""); });
  auto explained = Explain({.ask_external = true});
  EXPECT_EQ(NameOf(explained.external.verdict), "failed");
  EXPECT_EQ(explained.external.reason, "external router failed (protocol)");
  EXPECT_EQ(explained.routing.backend, "c1");

  external->fallback = rules::RouterFallback::kReject;
  explained = Explain({.ask_external = true});
  EXPECT_EQ(NameOf(explained.external.verdict), "failed");
  EXPECT_EQ(explained.routing.backend, "");
  EXPECT_THAT(explained.routing.unavailable, HasSubstr("the external router gave no answer"));
}

TEST_F(ExplainerTest, PrintsAllPartsForPeople) {
  AddRule("pass", "return nil", 7);
  AddPolicy("ada", {.type = ConditionType::kUser, .values = {"ada"}});
  EXPECT_EQ(ToText(Explain({.user = "ada", .sql = "SELECT * FROM a.b.c"})),
            "backend c2 of group etl, mode proxy\n"
            "because: policy ada (1 condition) -> etl; default adhoc\n"
            "\n"
            "statement: Query (SELECT), only reads\n"
            "  tables: a.b.c\n"
            "  schemas: a.b\n"
            "\n"
            "rules, in the order they are asked\n"
            "  pass (priority 7): passes: names no group\n"
            "\n"
            "policies\n"
            "  ada (1 condition; priority 0): decides: leads to etl\n"
            "    user: ada: holds\n"
            "\n"
            "groups, in the order they are tried\n"
            "  etl (policy; round_robin)\n"
            "    c2: eligible, in flight 0, weight 1, share 1.00\n"
            "  adhoc (default; round_robin)\n"
            "    c1: eligible, in flight 0, weight 1, share 1.00\n");
}

}  // namespace
}  // namespace gateway::explain
