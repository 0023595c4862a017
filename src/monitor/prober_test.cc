#include <string>

#include <gtest/gtest.h>

#include "monitor/prober_fixture.h"

namespace gateway::monitor {
namespace {

using namespace std::chrono_literals;

TEST_F(ProberTest, FindsAllOfAHealthyCoordinator) {
  const auto findings = Probe();
  EXPECT_EQ(findings.outcome, Outcome::kOk);
  EXPECT_EQ(findings.failure_class, "ok");
  EXPECT_EQ(findings.reason, "");
  EXPECT_EQ(findings.process_forwarded, true);
  EXPECT_EQ(findings.info.version, "476");
  EXPECT_EQ(findings.info.uptime, 1000);
  EXPECT_EQ(findings.info.environment, "test");
  EXPECT_EQ(findings.coordinator_suffix, "eif54");
  EXPECT_EQ(findings.coordinator_id, "node1");
  EXPECT_EQ(findings.spooling, false);
  EXPECT_EQ(findings.load, 4);  // two that run
  EXPECT_EQ(findings.load_reason, "");
  EXPECT_EQ(findings.living, std::nullopt);
}

TEST_F(ProberTest, RunsItsQueryToTheEndAsTheMonitorsUser) {
  Probe();
  const auto posts = coordinator_.Requests("POST", "/v1/statement");
  ASSERT_EQ(posts.size(), 1U);
  EXPECT_EQ(posts.front().body, "SELECT 1");
  EXPECT_EQ(posts.front().Field("X-Trino-User"), "probe-user");
  EXPECT_EQ(posts.front().Field("X-Trino-Source"), "trino-gateway-monitor");
  EXPECT_EQ(posts.front().Field("X-Presto-User"), "");
  EXPECT_EQ(coordinator_.Requests("GET", "/v1/statement/queued/").size(), 1U);
  EXPECT_EQ(coordinator_.Requests("GET", "/v1/statement/executing/").size(), 1U);
  EXPECT_TRUE(coordinator_.Requests("DELETE", "/").empty());
}

TEST_F(ProberTest, SpeaksPrestosDialectToPrestoDb) {
  coordinator_.behaviour.version = "0.287";
  EXPECT_EQ(Probe().outcome, Outcome::kOk);
  const auto posts = coordinator_.Requests("POST", "/v1/statement");
  ASSERT_EQ(posts.size(), 1U);
  EXPECT_EQ(posts.front().Field("X-Presto-User"), "probe-user");
  EXPECT_EQ(posts.front().Field("X-Trino-User"), "");
  EXPECT_EQ(coordinator_.Requests("GET", "/v1/queryState").front().Field("X-Presto-User"),
            "probe-user");
}

TEST_F(ProberTest, AsksAgainWithoutForwardedHeadersWhenTheyAreRefused) {
  coordinator_.behaviour.process_forwarded = false;
  const auto findings = Probe();
  EXPECT_EQ(findings.outcome, Outcome::kOk);
  EXPECT_EQ(findings.process_forwarded, false);
}

TEST_F(ProberTest, RunsNoQueryWhileNothingChanged) {
  const auto findings = Probe(Healthy(900));
  EXPECT_EQ(findings.outcome, Outcome::kOk);
  EXPECT_EQ(findings.load, 4);
  EXPECT_TRUE(coordinator_.Requests("POST", "/v1/statement").empty());
}

TEST_F(ProberTest, RunsItsQueryAgainAfterARestart) {
  coordinator_.behaviour.uptime_seconds = 5;
  coordinator_.behaviour.suffix = "n3w3r";
  EXPECT_EQ(Probe(Healthy(900)).coordinator_suffix, "n3w3r");
}

TEST_F(ProberTest, FindsACoordinatorThatStarts) {
  coordinator_.behaviour.starting = true;
  const auto findings = Probe();
  EXPECT_EQ(findings.outcome, Outcome::kStarting);
  EXPECT_TRUE(coordinator_.Requests("POST", "/v1/statement").empty());
}

TEST_F(ProberTest, TellsWhyInfoIsNoGoodSign) {
  using http::Answer;
  const struct {
    std::string answer;
    std::string failure_class;
    std::string reason;
  } cases[] = {
      {Answer(503, "starting up", "Content-Type: text/plain\r\n"), "http_503",
       "GET /v1/info: 503: starting up"},
      {Answer(401, "<html>long</html>", "Content-Type: text/html\r\n"), "http_401",
       "GET /v1/info: 401 (are the monitor's credentials right?)"},
      {Answer(302, "", "Location: https://sso.example/login\r\n"), "redirect",
       "GET /v1/info: redirected to https://sso.example/login (a login?)"},
      {Answer(200, "<html>hello</html>"), "not_trino", "/v1/info is not a Trino coordinator's"},
      {Answer(200, R"({"starting":false,"coordinator":false,"environment":"test"})"),
       "not_coordinator",
       "GET /v1/info: this is a worker; the backend's url must be its coordinator's"},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "protocol", ""},
      {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 50\r\n\r\n{", "broken",
       "GET /v1/info: the connection was closed"},
  };
  for (const auto& [answer, failure_class, reason] : cases) {
    SCOPED_TRACE(answer);
    coordinator_.behaviour.info_answer = answer;
    const auto findings = Probe();
    EXPECT_EQ(findings.outcome, Outcome::kFailed);
    EXPECT_EQ(findings.failure_class, failure_class);
    EXPECT_NE(findings.reason, "");
    if (!reason.empty()) EXPECT_EQ(findings.reason, reason);
  }
}

TEST_F(ProberTest, TellsThatNobodyListens) {
  coordinator_.Stop();
  const auto findings = Probe();
  EXPECT_EQ(findings.outcome, Outcome::kFailed);
  EXPECT_EQ(findings.failure_class, "refused");
}

TEST_F(ProberTest, TellsThatNothingWasAnsweredInTime) {
  coordinator_.behaviour.hangs = true;
  SetTimeouts(50ms);
  const auto findings = Probe();
  EXPECT_EQ(findings.outcome, Outcome::kFailed);
  EXPECT_EQ(findings.failure_class, "timeout");
}

TEST_F(ProberTest, TellsWhyItsQueryFailed) {
  coordinator_.behaviour.query_error = "nodes is empty";
  const auto findings = Probe();
  EXPECT_EQ(findings.outcome, Outcome::kFailed);
  EXPECT_EQ(findings.failure_class, "probe_query");
  EXPECT_EQ(findings.reason, "probe query failed: nodes is empty");
  EXPECT_TRUE(coordinator_.Requests("DELETE", "/").empty());  // it has ended by itself
}

TEST_F(ProberTest, TellsWhyItsQueryWasNotTaken) {
  const struct {
    std::string answer;
    std::string failure_class;
    std::string reason;
  } cases[] = {
      {http::Answer(401, "Basic authentication or X-Trino-User must be sent\n",
                    "Content-Type: text/plain\r\n"),
       "http_401",
       "probe query: 401: Basic authentication or X-Trino-User must be sent (are the monitor's "
       "credentials right?)"},
      {http::Answer(200, "hello"), "not_trino", "probe query: the answer is not JSON"},
      {http::Answer(302, "", "Location: https://sso.example/\r\n"), "redirect",
       "probe query: redirected to https://sso.example/ (a login?)"},
  };
  for (const auto& [answer, failure_class, reason] : cases) {
    SCOPED_TRACE(answer);
    coordinator_.behaviour.statement_answer = answer;
    const auto findings = Probe();
    EXPECT_EQ(findings.outcome, Outcome::kFailed);
    EXPECT_EQ(findings.failure_class, failure_class);
    EXPECT_EQ(findings.reason, reason);
  }
}

TEST_F(ProberTest, EndsAQueryThatNeverEnds) {
  coordinator_.behaviour.statement_answer =
      http::Answer(200, R"({"nextUri":"http://x/v1/statement"})");
  SetTimeouts(120s);
  const auto findings = Probe();  // each GET of /v1/statement says the same again
  EXPECT_EQ(findings.reason, "probe query: it does not end");
}

TEST_F(ProberTest, CancelsAQueryThatItGivesUp) {
  coordinator_.behaviour.polls_hang = true;
  const auto findings = Probe({}, [this] {
    if (coordinator_.Count("GET", "/v1/statement/queued/") > 0) clock_.steady_offset = 21s;
  });
  EXPECT_EQ(findings.failure_class, "timeout");
  EXPECT_EQ(coordinator_.Requests("DELETE", "/v1/statement/queued/2026").size(), 1U);
}

TEST_F(ProberTest, SendsNothingForANextUriThatWouldBeTwoRequests) {
  coordinator_.behaviour.statement_answer =
      http::Answer(200, R"({"nextUri":"http://x/a\r\nDELETE /b"})");
  const auto findings = Probe();
  EXPECT_EQ(findings.outcome, Outcome::kFailed);
  EXPECT_EQ(findings.failure_class, "protocol");
  EXPECT_TRUE(coordinator_.Requests("GET", "/a").empty());
}

TEST_F(ProberTest, ComparesTheResultWhenOneIsExpected) {
  settings_.steps[1].expect = "1";
  EXPECT_EQ(Probe().outcome, Outcome::kOk);
  for (const auto& [data, shown] :
       {std::pair("[[2]]", "'2'"), std::pair("[]", "'no row'"), std::pair(R"([["1 "]])", "'1 '")}) {
    SCOPED_TRACE(data);
    coordinator_.behaviour.data = data;
    const auto findings = Probe();
    EXPECT_EQ(findings.failure_class, "result");
    EXPECT_EQ(findings.reason,
              std::string("probe query: the result is ") + shown + ", expected '1'");
  }
}

TEST_F(ProberTest, RunsItsQueryEveryTimeWhenSetSo) {
  settings_.steps[1].always = true;
  Probe(Healthy(900));
  EXPECT_EQ(coordinator_.Requests("POST", "/v1/statement").size(), 1U);
}

TEST_F(ProberTest, RunsItsQueryWhenTheDataPathHasDoubts) {
  auto memory = Healthy(900);
  memory.doubted = true;
  Probe(memory);
  EXPECT_EQ(coordinator_.Requests("POST", "/v1/statement").size(), 1U);
}

TEST_F(ProberTest, LearnsThatResultsAreSpooled) {
  coordinator_.behaviour.data =
      R"({"encoding":"json","segments":[{"type":"inline","data":"W1sxXV0="}]})";
  settings_.steps[1].expect = "1";
  const auto findings = Probe();
  EXPECT_EQ(findings.outcome, Outcome::kOk);
  EXPECT_EQ(findings.spooling, true);
}

TEST_F(ProberTest, ShowsItsCredentials) {
  coordinator_.behaviour.authorization = "Basic cHJvYmUtdXNlcjpzZWNyZXQ=";
  EXPECT_EQ(Probe().failure_class, "http_401");
  settings_.credentials.password = "secret";
  EXPECT_EQ(Probe().outcome, Outcome::kOk);

  coordinator_.behaviour.authorization = "Bearer a.b.c";
  EXPECT_EQ(Probe().failure_class, "http_401");
  settings_.credentials.token = "a.b.c";
  EXPECT_EQ(Probe().outcome, Outcome::kOk);
}

TEST_F(ProberTest, SaysThatACertificateOfItsOwnCannotBeUsed) {
  settings_.credentials.tls.ca_file = "/nowhere/ca.pem";
  const auto findings = Probe();
  EXPECT_EQ(findings.failure_class, "credentials");
  EXPECT_NE(findings.reason.find("the CA file '/nowhere/ca.pem' cannot be used"),
            std::string::npos);
}

TEST_F(ProberTest, TellsWhatLivesOnABackendThatIsDrained) {
  draining_ = true;
  EXPECT_EQ(Probe().living, (std::vector<std::string>{"q0", "q1"}));
  EXPECT_EQ(coordinator_.Count("GET", "/v1/queryState"), 1U) << "for the load and for this";
  coordinator_.behaviour.live_queries = std::nullopt;
  EXPECT_EQ(Probe().living, std::nullopt);
}

TEST_F(ProberTest, TellsWhatLivesWhateverItsStepsFound) {
  draining_ = true;
  settings_.load_source = LoadSource::kMetrics;
  settings_.min_active_workers = 9;  // the workers are gone before the coordinator
  auto findings = Probe();
  EXPECT_EQ(findings.failure_class, "workers");
  EXPECT_EQ(findings.living, (std::vector<std::string>{"q0", "q1"}));

  coordinator_.behaviour.query_error = "nodes is empty";
  findings = Probe();
  EXPECT_EQ(findings.failure_class, "probe_query");
  EXPECT_EQ(findings.living, (std::vector<std::string>{"q0", "q1"}));
}

TEST_F(ProberTest, AsksACoordinatorThatHangsWhatLivesOnlyWhileADrainWaits) {
  settings_.steps.at(1).timeout = 50ms;  // of the query alone: the others must not run into it
  coordinator_.behaviour.polls_hang = true;
  counters_ = std::make_shared<model::BackendCounters>();
  counters_->live.SeenDirect("q1", clock_.Now());
  auto findings = Probe();
  EXPECT_EQ(findings.failure_class, "timeout");
  EXPECT_EQ(findings.living, std::nullopt);

  draining_ = true;
  findings = Probe();
  EXPECT_EQ(findings.failure_class, "timeout");
  EXPECT_EQ(findings.living, (std::vector<std::string>{"q0", "q1"}));
}

TEST_F(ProberTest, DoesNotAskWhatLivesWhereTheCoordinatorIsNotUp) {
  draining_ = true;
  coordinator_.behaviour.starting = true;
  EXPECT_EQ(Probe().living, std::nullopt);
  EXPECT_EQ(coordinator_.Count("GET", "/v1/queryState"), 0U);
}

TEST_F(ProberTest, AsksOnlyWhatLivesWhenToldSo) {
  draining_ = true;
  only_lists_ = true;
  EXPECT_EQ(Probe().living, (std::vector<std::string>{"q0", "q1"}));
  EXPECT_EQ(coordinator_.Count("POST", "/"), 0U);
  EXPECT_EQ(coordinator_.Count("GET", "/"), 2U) << "/v1/info and /v1/queryState";
}

TEST_F(ProberTest, LeavesOutProbesThatAKilledGatewayLeftBehind) {
  draining_ = true;
  coordinator_.behaviour.live_queries = 0;
  coordinator_.behaviour.old_query = "20200101_000000_00000_eif54";
  EXPECT_EQ(Probe().living->size(), 1U);
  coordinator_.behaviour.old_source = "trino-gateway-monitor";
  EXPECT_EQ(Probe().living, std::vector<std::string>());
}

TEST_F(ProberTest, AsksWhatLivesWhileThereAreQueriesOfWhichNobodyElseTells) {
  counters_ = std::make_shared<model::BackendCounters>();
  counters_->live.Seen("q0", clock_.Now());
  EXPECT_EQ(Probe().living, std::nullopt);
  counters_->live.SeenDirect("q1", clock_.Now());
  EXPECT_EQ(Probe().living, (std::vector<std::string>{"q0", "q1"}));
}

}  // namespace
}  // namespace gateway::monitor
