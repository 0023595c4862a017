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
    const ProbeTarget target{coordinator_.url(),
                             std::make_shared<const PreparedSettings>(settings_), draining_,
                             shared_};
    http::asio::co_spawn(
        io_, prober_.Probe(target, memory),
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
  // Only a hang reaches the timeouts.
  static ProbeSettings PatientSettings() {
    ProbeSettings settings;
    settings.credentials.user = "probe-user";
    for (auto& step : settings.steps) step.timeout = 20s;
    settings.load_timeout = 20s;
    return settings;
  }
  void SetTimeouts(std::chrono::milliseconds timeout) {
    for (auto& step : settings_.steps) step.timeout = timeout;
  }

  ProbeSettings settings_ = PatientSettings();
  bool draining_ = false;
  std::optional<model::ProbeResult> shared_;
  http::asio::io_context io_{1};
  http::Deadlines deadlines_{io_, clock_};
  http::ControlClient client_{io_, deadlines_};
  Prober prober_{client_, clock_};
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

TEST_F(ProberTest, DoesWithoutALoadWhereItIsNotTold) {
  coordinator_.behaviour.live_queries = std::nullopt;
  const auto findings = Probe();
  EXPECT_EQ(findings.outcome, Outcome::kOk);
  EXPECT_EQ(findings.load, std::nullopt);
  EXPECT_EQ(findings.load_reason, "GET /v1/queryState: 404");
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
  const auto findings = Probe();  // each GET of /v1/statement says the same again
  EXPECT_EQ(findings.reason, "probe query: it does not end");
}

TEST_F(ProberTest, CancelsAQueryThatItGivesUp) {
  coordinator_.behaviour.polls_hang = true;
  SetTimeouts(50ms);
  const auto findings = Probe();
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

// What another instance found, with every expensive step switched on here.
class SharedProberTest : public ProberTest {
 protected:
  SharedProberTest() {
    settings_.steps.back().always = true;
    settings_.load_source = LoadSource::kSql;
    shared_.emplace();
    shared_->good = true;
    shared_->coordinator_suffix = "abcde";
    shared_->load = 7;
    shared_->measured = clock_.Now();
  }
  bool Asked() const { return !coordinator_.Requests("POST", "/v1/statement").empty(); }
};

TEST_F(SharedProberTest, TakesOverWhatAnotherInstanceFound) {
  const auto findings = Probe();
  EXPECT_EQ(findings.outcome, Outcome::kOk);
  EXPECT_EQ(findings.info.version, "476");
  EXPECT_EQ(findings.coordinator_suffix, "abcde");
  EXPECT_EQ(findings.load, 7);
  EXPECT_EQ(findings.shared_at, shared_->measured);
  EXPECT_EQ(coordinator_.Count("GET", "/v1/info"), 1U);
  EXPECT_EQ(coordinator_.Count("GET", "/"), 1U);
  EXPECT_FALSE(Asked());
}

TEST_F(SharedProberTest, TakesOverAFailure) {
  shared_->good = false;
  shared_->failure_class = "bounds";
  shared_->reason = "too much";
  const auto findings = Probe();
  EXPECT_EQ(findings.outcome, Outcome::kFailed);
  EXPECT_EQ(findings.failure_class, "bounds");
  EXPECT_EQ(findings.reason, "too much");
  EXPECT_FALSE(Asked());
}

TEST_F(SharedProberTest, BelievesItsOwnViewOfWhetherTheClusterIsThere) {
  coordinator_.Stop();
  EXPECT_EQ(Probe().failure_class, "refused");
}

TEST_F(SharedProberTest, AsksForItselfWhatWasFoundBeforeTheCoordinatorStarted) {
  coordinator_.behaviour.uptime_seconds = 10;
  shared_->measured = clock_.Now() - 11s;
  EXPECT_EQ(Probe().coordinator_suffix, "eif54");
  EXPECT_TRUE(Asked());
}

TEST_F(SharedProberTest, AsksForItselfAfterAFailureOfTheDataPath) {
  auto memory = Healthy(900);
  memory.doubted = true;
  EXPECT_EQ(Probe(memory).shared_at, std::nullopt);
  EXPECT_TRUE(Asked());
}

TEST_F(ProberTest, LearnsThatResultsAreSpooled) {
  coordinator_.behaviour.data =
      R"({"encoding":"json","segments":[{"type":"inline","data":"W1sxXV0="}]})";
  settings_.steps[1].expect = "1";
  const auto findings = Probe();
  EXPECT_EQ(findings.outcome, Outcome::kOk);
  EXPECT_EQ(findings.spooling, true);
}

TEST_F(ProberTest, ChecksBoundsWhereverNumbersAreShown) {
  const struct {
    ProbeType type;
    std::string name;
  } cases[] = {
      {ProbeType::kMetrics, "trino_metadata_name_DiscoveryNodeManager_ActiveNodeCount"},
      {ProbeType::kJmx, "trino.metadata:name=DiscoveryNodeManager/ActiveNodeCount"},
      {ProbeType::kUiApi, "activeWorkers"},
  };
  for (const auto& [type, name] : cases) {
    SCOPED_TRACE(name);
    settings_.steps = {{.type = type, .timeout = 20s, .bounds = {{name, 2, 4}}}};
    for (const int workers : {2, 3, 4}) {
      coordinator_.behaviour.active_workers = workers;
      EXPECT_EQ(Probe().outcome, Outcome::kOk);
    }
    coordinator_.behaviour.active_workers = 1;
    EXPECT_EQ(Probe().reason, name + " is 1; at least 2");
    coordinator_.behaviour.active_workers = 5;
    EXPECT_EQ(Probe().reason, name + " is 5; at most 4");
    EXPECT_EQ(Probe().failure_class, "bounds");

    settings_.steps[0].bounds = {{name + "2", 0, std::nullopt}};
    EXPECT_EQ(Probe().reason, name + "2 is not told");
  }
}

TEST_F(ProberTest, AsksForTheNamedMetricsOnly) {
  settings_.steps = {{.type = ProbeType::kMetrics, .timeout = 20s, .bounds = {{"a", 0}, {"b", 0}}}};
  Probe();
  EXPECT_EQ(coordinator_.Requests("GET", "/metrics").front().target,
            "/metrics?name%5B%5D=a&name%5B%5D=b");
}

TEST_F(ProberTest, LogsInToTheUiWhereThatIsWanted) {
  settings_.steps = {{.type = ProbeType::kUiApi, .timeout = 20s, .bounds = {{"activeWorkers", 1}}}};
  settings_.credentials.password = "p&w";
  coordinator_.behaviour.authorization = "Basic cHJvYmUtdXNlcjpwJnc=";
  coordinator_.behaviour.ui_password = "p%26w";
  EXPECT_EQ(Probe().reason, "");
  coordinator_.behaviour.ui_password = "another";
  EXPECT_EQ(Probe().failure_class, "ui_login");
  EXPECT_EQ(Probe().reason, "POST /ui/login: the user 'probe-user' is refused");
}

TEST_F(ProberTest, SaysThatSingleSignOnTookOver) {
  settings_.steps = {{.type = ProbeType::kUiApi, .timeout = 20s, .bounds = {{"activeWorkers", 1}}}};
  coordinator_.behaviour.sso = "https://sso.example/authorize";
  const auto findings = Probe();
  EXPECT_EQ(findings.failure_class, "redirect");
  EXPECT_EQ(findings.reason,
            "GET /ui/api/stats: redirected to https://sso.example/authorize (a login?)");
  EXPECT_EQ(coordinator_.Requests("GET", "/ui/").size(), 1U);
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

TEST_F(ProberTest, WeighsTheLoadFromEverySource) {
  auto& behaviour = coordinator_.behaviour;
  behaviour.live_queries = 5;
  behaviour.queued_queries = 6;
  behaviour.data = R"([["RUNNING",4],["FINISHING",1],["QUEUED",5],["STARTING",1],["workers",3]])";
  for (const auto source :
       {LoadSource::kSql, LoadSource::kMetrics, LoadSource::kJmx, LoadSource::kUiApi}) {
    SCOPED_TRACE(NameOf(source));
    settings_.load_source = source;
    const auto findings = Probe();
    EXPECT_EQ(findings.load, 12);  // 2 * 5 + 6 / 3
    EXPECT_EQ(findings.figures.running, 5);
    EXPECT_EQ(findings.figures.queued, 6);
    EXPECT_EQ(findings.figures.active_workers, 3);
    EXPECT_TRUE(CountsWorkers(source));
  }
  settings_.load_source = LoadSource::kQueryState;
  EXPECT_EQ(Probe().load, 10);
  settings_.load_source = LoadSource::kNone;
  EXPECT_EQ(Probe().load, std::nullopt);
}

TEST_F(ProberTest, WantsAMinimumOfActiveWorkers) {
  settings_.load_source = LoadSource::kMetrics;
  settings_.min_active_workers = 9;
  coordinator_.behaviour.active_workers = 9;
  EXPECT_EQ(Probe().outcome, Outcome::kOk);
  coordinator_.behaviour.active_workers = 8;
  const auto findings = Probe();
  EXPECT_EQ(findings.failure_class, "workers");
  EXPECT_EQ(findings.reason, "8 active workers; at least 9");
}

TEST_F(ProberTest, TellsWhatLivesOnABackendThatIsDrained) {
  draining_ = true;
  EXPECT_EQ(Probe().living, (std::vector<std::string>{"q0", "q1"}));
  coordinator_.behaviour.live_queries = std::nullopt;
  EXPECT_EQ(Probe().living, std::nullopt);
}

}  // namespace
}  // namespace gateway::monitor
