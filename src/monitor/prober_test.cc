#include "monitor/prober.h"

#include <memory>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include "monitor/fake_coordinator.h"

namespace gateway::monitor {
namespace {

using namespace std::chrono_literals;
using Outcome = Findings::Outcome;

class ProberTest : public testing::Test {
 protected:
  ProberTest() {
    http::asio::co_spawn(io_, deadlines_.Run(), [](const std::exception_ptr&) {});
  }

  ~ProberTest() override {
    coordinator_.Stop();
    deadlines_.Stop();
    io_.run_for(10s);
  }

  Findings Probe(const Memory& memory = {}) {
    // Shared, since a probe that never ends outlives this call.
    const auto result = std::make_shared<std::optional<Findings>>();
    http::asio::co_spawn(
        io_, prober_.Probe(coordinator_.url(), memory),
        [result](const std::exception_ptr&, Findings findings) { *result = std::move(findings); });
    const auto patience = clock_.Now() + 30s;
    while (!*result && clock_.Now() < patience) io_.run_one_for(1s);
    if (!*result) ADD_FAILURE() << "the probe never ended";
    return result->value_or(Findings{});
  }

  // As after a good probe: no probe query is needed.
  static Memory Healthy(double uptime) {
    Memory memory;
    memory.status.health = model::Health::kHealthy;
    memory.uptime = uptime;
    return memory;
  }

  const SystemClock clock_;
  ProbeOptions options_{20s, "probe-user", "SELECT 1"};  // only a hang reaches the timeout
  http::asio::io_context io_{1};
  http::Deadlines deadlines_{io_, clock_};
  http::ControlClient client_{io_, deadlines_};
  Prober prober_{client_, clock_, options_};
  FakeCoordinator coordinator_{io_};
};

TEST_F(ProberTest, FindsAllOfAHealthyCoordinator) {
  const auto findings = Probe();
  EXPECT_EQ(findings.outcome, Outcome::kOk);
  EXPECT_EQ(findings.failure_class, "ok");
  EXPECT_EQ(findings.reason, "");
  EXPECT_EQ(findings.process_forwarded, true);
  EXPECT_EQ(findings.info.version, "476");
  EXPECT_EQ(findings.info.uptime, 1000);
  EXPECT_EQ(findings.coordinator_suffix, "eif54");
  EXPECT_EQ(findings.load, 2);
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
  EXPECT_EQ(findings.load, 2);
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

TEST_F(ProberTest, DoesWithoutALoadWhereItIsNotTold) {
  coordinator_.behaviour.live_queries = std::nullopt;
  const auto findings = Probe();
  EXPECT_EQ(findings.outcome, Outcome::kOk);
  EXPECT_EQ(findings.load, std::nullopt);
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
       "GET /v1/info: 401"},
      {Answer(302, "", "Location: https://sso.example/login\r\n"), "redirect",
       "GET /v1/info: redirected to https://sso.example/login (a login?)"},
      {Answer(200, "<html>hello</html>"), "not_trino", "/v1/info is not a Trino coordinator's"},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "protocol", ""},
      {"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", "broken", "the connection was closed"},
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
  options_.timeout = 50ms;
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
    std::string reason;
  } cases[] = {
      {http::Answer(401, "Basic authentication or X-Trino-User must be sent\n",
                    "Content-Type: text/plain\r\n"),
       "probe query: 401: Basic authentication or X-Trino-User must be sent"},
      {http::Answer(200, "hello"), "probe query: the answer is not JSON"},
      {http::Answer(302, "", "Location: https://sso.example/\r\n"),
       "probe query: redirected to https://sso.example/ (a login?)"},
  };
  for (const auto& [answer, reason] : cases) {
    SCOPED_TRACE(answer);
    coordinator_.behaviour.statement_answer = answer;
    const auto findings = Probe();
    EXPECT_EQ(findings.outcome, Outcome::kFailed);
    EXPECT_EQ(findings.failure_class, "probe_query");
    EXPECT_EQ(findings.reason, reason);
  }
}

TEST_F(ProberTest, EndsAQueryThatNeverEnds) {
  coordinator_.behaviour.statement_answer =
      http::Answer(200, R"({"nextUri":"http://x/v1/statement"})");
  const auto findings = Probe();  // each GET of /v1/statement says the same again
  EXPECT_EQ(findings.reason, "probe query: it does not end");
}

TEST_F(ProberTest, CancelsAQueryThatItGivesUp) {
  coordinator_.behaviour.polls_hang = true;
  options_.timeout = 50ms;
  const auto findings = Probe();
  EXPECT_EQ(findings.failure_class, "probe_query");
  EXPECT_EQ(coordinator_.Requests("DELETE", "/v1/statement/queued/2026").size(), 1U);
}

TEST_F(ProberTest, SendsNothingForANextUriThatWouldBeTwoRequests) {
  coordinator_.behaviour.statement_answer =
      http::Answer(200, R"({"nextUri":"http://x/a\r\nDELETE /b"})");
  const auto findings = Probe();
  EXPECT_EQ(findings.outcome, Outcome::kFailed);
  EXPECT_EQ(findings.failure_class, "probe_query");
  EXPECT_TRUE(coordinator_.Requests("GET", "/a").empty());
}

}  // namespace
}  // namespace gateway::monitor
