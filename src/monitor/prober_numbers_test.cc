// Numbers of a cluster: bounds, workers, the load, and the ways to them.
#include <string>

#include <gtest/gtest.h>

#include "monitor/prober_fixture.h"

namespace gateway::monitor {
namespace {

using namespace std::chrono_literals;

TEST_F(ProberTest, DoesWithoutALoadWhereItIsNotTold) {
  coordinator_.behaviour.live_queries = std::nullopt;
  const auto findings = Probe();
  EXPECT_EQ(findings.outcome, Outcome::kOk);
  EXPECT_EQ(findings.load, std::nullopt);
  EXPECT_EQ(findings.load_reason, "GET /v1/queryState: 404");
}

TEST_F(ProberTest, TellsWhichSubmissionsTheLoadCannotHaveInIt) {
  counters_ = std::make_shared<model::BackendCounters>();
  counters_->submissions = 7;
  EXPECT_EQ(Probe().submissions_seen, 7u);
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

TEST_F(ProberTest, SaysThatTheNumberOfWorkersIsNotTold) {
  settings_.load_source = LoadSource::kMetrics;
  settings_.min_active_workers = 9;
  coordinator_.behaviour.active_workers = std::nullopt;
  const auto findings = Probe();
  EXPECT_EQ(findings.failure_class, "workers");
  EXPECT_EQ(findings.reason,
            "the source 'metrics' does not tell the number of active workers; at least 9 are "
            "wanted");
}

}  // namespace
}  // namespace gateway::monitor
