// Clusters that fail, hang or flap, and what queries met there.
#include <algorithm>
#include <ranges>
#include <string>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "monitor/monitor_fixture.h"

namespace gateway::monitor {
namespace {

using namespace std::chrono_literals;

// A thousand sockets are more than some systems let a process have at first.
void RaiseDescriptorLimit() {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

TEST_F(MonitorTest, KeepsAStartingBackendOutUntilItsProbeQuerySucceeds) {
  auto& behaviour = Coordinator("c1").behaviour;
  behaviour.starting = true;
  Declare({"c1"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kStarting));

  behaviour.starting = false;
  behaviour.query_error = "nodes is empty";
  ASSERT_TRUE(UntilHealthIs("c1", Health::kUnhealthy));
  EXPECT_EQ(Status("c1").reason, "probe query failed: nodes is empty");

  behaviour.query_error = "";
  EXPECT_TRUE(UntilHealthIs("c1", Health::kHealthy));
}

TEST_F(MonitorTest, DelaysNobodyForABackendThatHangs) {
  Coordinator("c1").behaviour.hangs = true;
  Declare({"c1", "c2"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c2", Health::kHealthy));
  ASSERT_TRUE(Until([&] { return Coordinator("c2").Requests("GET", "/v1/info").size() >= 3; }));
  EXPECT_EQ(Status("c1").health, Health::kUnknown);
  EXPECT_FALSE(monitor_->ProbedAll());
}

TEST_F(MonitorTest, FindsABackendThatHangsUnhealthy) {
  SetTimeouts(50ms);
  Coordinator("c1").behaviour.hangs = true;
  Declare({"c1"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kUnhealthy));
  EXPECT_TRUE(monitor_->ProbedAll());
}

TEST_F(MonitorTest, TakesABackendOutWhenItGoesAway) {
  Declare({"c1"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  Coordinator("c1").Stop();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kUnhealthy));
  EXPECT_NE(Status("c1").reason.find("refused"), std::string::npos);
  EXPECT_EQ(Status("c1").load, std::nullopt);
}

TEST_F(MonitorTest, TakesARestartedCoordinatorOutWhileItsQueriesFail) {
  Declare({"c1"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  Coordinator("c1").behaviour.uptime_seconds = 3;
  Coordinator("c1").behaviour.query_error = "nodes is empty";
  ASSERT_TRUE(UntilHealthIs("c1", Health::kUnhealthy));
  Coordinator("c1").behaviour.query_error = "";
  EXPECT_TRUE(UntilHealthIs("c1", Health::kHealthy));
}

TEST_F(MonitorTest, ProbesAtOnceWhenTheDataPathFailed) {
  options_.interval = std::chrono::hours(1);
  options_.unhealthy_interval = std::chrono::hours(1);
  Declare({"c1"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  Coordinator("c1").behaviour.version = "477";
  std::thread([this] { monitor_->ReportFailure("c1", "http_503"); }).join();
  ASSERT_TRUE(Until([&] { return Status("c1").version == "477"; }));
  EXPECT_EQ(Coordinator("c1").Requests("GET", "/v1/info").size(), 2U);
}

TEST_F(MonitorTest, IgnoresFailuresOfBackendsThatItDoesNotKnow) {
  StartMonitor();
  monitor_->ReportFailure("gone", "refused");
  Declare({"c1"});
  EXPECT_TRUE(UntilHealthIs("c1", Health::kHealthy));
}

TEST_F(MonitorTest, TakesABackendOutAtOnceWhenTheDataPathAndAProbeFail) {
  options_.interval = options_.unhealthy_interval = std::chrono::hours(1);
  Declare({"c1"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  Coordinator("c1").Stop();
  for (int burst = 0; burst < 50; ++burst) monitor_->ReportFailure("c1", "refused");
  ASSERT_TRUE(UntilHealthIs("c1", Health::kUnhealthy));
  const auto text = metrics_.Expose();
  EXPECT_NE(text.find(R"(data_path_failures_total{backend="c1",reason="refused"} 50)"),
            std::string::npos);
  EXPECT_NE(text.find(R"(backend_state_changes_total{backend="c1",reason="refused",)"
                      R"(state="unhealthy"} 1)"),
            std::string::npos);
  const auto history = registry_.History("c1");
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].to, "healthy");
  EXPECT_EQ(history[1].to, "unhealthy");
  EXPECT_NE(history[1].reason.find("refused"), std::string::npos);
}

TEST_F(MonitorTest, KeepsADoubtThatIsNewerThanTheProbeUnderWay) {
  options_.interval = options_.unhealthy_interval = std::chrono::hours(1);
  Declare({"c1"});
  StartMonitor();
  auto& coordinator = Coordinator("c1");
  ASSERT_TRUE(Until([&] { return coordinator.Count("GET", "/v1/info") == 1; }));
  ASSERT_EQ(Status("c1").health, Health::kUnknown);
  monitor_->ReportFailure("c1", "refused");
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  EXPECT_TRUE(Until([&] { return coordinator.Count("POST", "/v1/statement") == 2; }))
      << "another probe comes soon, and it runs a query";
}

TEST_F(MonitorTest, OnlyLooksWhereTheDataPathHasDoubts) {
  options_.interval = options_.unhealthy_interval = std::chrono::hours(1);
  options_.hysteresis.fall = 1;
  Declare({"c1"});
  StartMonitor();
  auto& coordinator = Coordinator("c1");
  ASSERT_TRUE(Until([&] { return coordinator.Count("GET", "/v1/info") == 1; }));
  monitor_->ReportDoubt("c1", "http_503");  // while a probe is under way
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  ASSERT_TRUE(Until([&] { return coordinator.Count("POST", "/v1/statement") == 2; }));
  for (int poll = 0; poll < 50; ++poll) monitor_->ReportDoubt("c1", "http_503");
  ASSERT_TRUE(Until([&] { return coordinator.Count("POST", "/v1/statement") == 3; }));
  EXPECT_EQ(registry_.History("c1").size(), 1U) << "it never was anything but healthy";

  monitor_->ReportFailure("c1", "http_503");
  EXPECT_TRUE(UntilHealthIs("c1", Health::kUnhealthy));
}

TEST_F(MonitorTest, BelievesAProbeMoreThanOneFailureOfTheDataPath) {
  options_.interval = options_.unhealthy_interval = std::chrono::hours(1);
  Declare({"c1"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  monitor_->ReportFailure("c1", "http_503");
  // The doubt makes it run a query, which succeeds.
  ASSERT_TRUE(
      Until([&] { return Coordinator("c1").Requests("POST", "/v1/statement").size() == 2; }));
  ASSERT_TRUE(
      Until([&] { return Coordinator("c1").Requests("GET", "/v1/queryState").size() == 2; }));
  EXPECT_EQ(registry_.History("c1").size(), 1U);
}

TEST_F(MonitorTest, KeepsUpWithFiveHundredBackendsOfWhichSomeHangAndSomeFlap) {
  constexpr int kBackends = 500;
  RaiseDescriptorLimit();
  // One server for each kind; loopback has as many addresses as one likes.
  auto& good = Coordinator("good");
  auto& hanging = Coordinator("hanging");
  auto& flapping = Coordinator("flapping");
  hanging.behaviour.hangs = true;
  options_.interval = 100ms;
  options_.unhealthy_interval = 50ms;
  options_.probe.load_source = LoadSource::kNone;
  // Longer than this test waits for anything.
  for (auto& step : options_.probe.steps) step.timeout = 300s;
  model::Configuration configuration;
  for (int i = 0; i < kBackends; ++i) {
    auto& server = i < 50 ? hanging : i < 100 ? flapping : good;
    model::Backend backend;
    backend.id = fmt::format("c{}", i);
    backend.url = server.url();
    configuration.backends.push_back(backend);
  }
  registry_.ReplaceFile(configuration, "adhoc");
  StartMonitor();
  constexpr std::size_t kGood = 400;
  std::size_t rounds = 0;
  const auto patience = clock_.Now() + 200s;
  // Counting takes long, so it is not done after each event.
  const auto healthy = [&] {
    const auto snapshot = registry_.Current();
    return std::ranges::count_if(std::views::iota(100, kBackends), [&](int i) {
      return snapshot->FindBackend(fmt::format("c{}", i))->status.health == Health::kHealthy;
    });
  };
  while ((rounds < 5 || healthy() < 400) && clock_.Now() < patience) {
    io_.run_for(50ms);
    const auto now = good.Count("GET", "/v1/info") / kGood;
    if (now > rounds) flapping.behaviour.starting = !flapping.behaviour.starting;
    rounds = now;
  }
  ASSERT_GE(rounds, 5U);
  // Nobody waited for those that hang: each of them has its one request open.
  EXPECT_EQ(hanging.Count("GET", "/v1/info"), 50U);
  EXPECT_EQ(hanging.open_connections(), 50);
  EXPECT_EQ(healthy(), 400);
  // One query for each start of a coordinator, not one for each probe.
  EXPECT_EQ(good.Count("POST", "/v1/statement"), kGood);
  EXPECT_GT(flapping.Count("POST", "/v1/statement"), 50U);
}

TEST_F(MonitorTest, StopsWhileBackendsHang) {
  Coordinator("c1").behaviour.hangs = true;
  Coordinator("c2").behaviour.polls_hang = true;
  Declare({"c1", "c2"});
  StartMonitor();
  ASSERT_TRUE(Until([&] {
    return !Coordinator("c1").Requests("GET", "/v1/info").empty() &&
           !Coordinator("c2").Requests("GET", "/v1/statement/queued/").empty();
  }));
  Coordinator("c2").behaviour.hangs = true;  // even the cancelling of the probe query
  monitor_->Stop();
  monitor_->Stop();
  EXPECT_TRUE(Until([&] {
    return !Coordinator("c2").Requests("DELETE", "/v1/statement/").empty() &&
           Coordinator("c1").open_connections() + Coordinator("c2").open_connections() == 0;
  }));
}

}  // namespace
}  // namespace gateway::monitor
