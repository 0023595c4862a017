#include "monitor/monitor.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "monitor/fake_coordinator.h"
#include "telemetry/captured_lines.h"

namespace gateway::monitor {
namespace {

using namespace std::chrono_literals;
using model::Health;

// Coordinators and a monitor that probes them, on one loop.
class MonitorTest : public testing::Test {
 protected:
  MonitorTest() {
    options_.interval = 20ms;
    options_.unhealthy_interval = 10ms;
    SetTimeouts(20s);  // only a hang reaches it
    options_.on_suffix = [this](std::string_view suffix, std::string_view id) {
      suffixes_.emplace_back(suffix, id);
    };
  }

  ~MonitorTest() override { StopMonitor(); }

  void SetTimeouts(std::chrono::milliseconds timeout) {
    for (auto& step : options_.probe.steps) step.timeout = timeout;
    options_.probe.load_timeout = timeout;
  }

  void StopMonitor() {
    if (!monitor_) return;
    monitor_->Stop();
    for (const auto& [id, coordinator] : coordinators_) coordinator->Stop();
    io_.run_for(30s);
    EXPECT_TRUE(io_.stopped()) << "a probe outlives its monitor";
    monitor_.reset();
  }

  FakeCoordinator& Coordinator(const std::string& id) {
    auto& coordinator = coordinators_[id];
    if (!coordinator) coordinator = std::make_unique<FakeCoordinator>(io_);
    return *coordinator;
  }

  // Declares the backends of these ids and no others.
  void Declare(const std::vector<std::string>& ids) {
    model::Configuration configuration;
    for (const auto& id : ids) {
      configuration.backends.push_back({.id = id, .url = Coordinator(id).url()});
    }
    registry_.ReplaceFile(std::move(configuration), "adhoc");
  }

  void StartMonitor() {
    monitor_.emplace(options_, io_, clock_, registry_, *logger_, metrics_);
    monitor_->Start();
  }

  model::BackendStatus Status(std::string_view id) {
    const auto snapshot = registry_.Current();
    const auto* state = snapshot->FindBackend(id);
    return state ? state->status : model::BackendStatus{};
  }

  // Runs the loop until `condition` holds.
  template <typename Condition>
  [[nodiscard]] bool Until(Condition condition) {
    const auto patience = clock_.Now() + 30s;
    while (!condition() && clock_.Now() < patience) io_.run_one_for(100ms);
    return condition();
  }
  [[nodiscard]] bool UntilHealthIs(std::string_view id, Health health) {
    return Until([&] { return Status(id).health == health; });
  }

  // The system's, with a wall clock that a test may move.
  class TestClock final : public Clock {
   public:
    TimePoint Now() const override { return system_.Now() + steady_offset; }
    WallTime WallNow() const override { return wall; }
    std::chrono::milliseconds steady_offset{0};
    WallTime wall = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + 12h;

   private:
    SystemClock system_;
  };

  TestClock clock_;
  std::optional<telemetry::Logger> logger_{telemetry::Level::kError};
  telemetry::Metrics metrics_;
  model::Registry registry_{clock_, "adhoc"};
  http::asio::io_context io_{1};
  MonitorOptions options_;
  std::map<std::string, std::unique_ptr<FakeCoordinator>> coordinators_;
  std::vector<std::pair<std::string, std::string>> suffixes_;
  std::optional<Monitor> monitor_;
};

TEST_F(MonitorTest, PublishesWhatItFindsOfAHealthyBackend) {
  Declare({"c1"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  const auto status = Status("c1");
  EXPECT_EQ(status.reason, "");
  EXPECT_EQ(status.version, "476");
  EXPECT_TRUE(status.process_forwarded);
  EXPECT_EQ(status.coordinator_suffix, "eif54");
  EXPECT_EQ(status.load, 4);
  ASSERT_FALSE(suffixes_.empty());
  EXPECT_EQ(suffixes_.front(), std::pair(std::string("eif54"), std::string("c1")));
  EXPECT_NE(metrics_.Expose().find(R"(trino_gateway_backend_healthy{backend="c1"} 1)"),
            std::string::npos);
  EXPECT_NE(metrics_.Expose().find(R"(trino_gateway_backend_load{backend="c1"} 4)"),
            std::string::npos);
}

// Every expensive step is switched on; another instance is played by the test.
class SharingMonitorTest : public MonitorTest {
 protected:
  SharingMonitorTest() {
    options_.probe.steps.back().always = true;
    options_.shared = &shared_;
    Declare({"c1"});
  }

  model::ProbeResult Found(double load) {
    model::ProbeResult result;
    result.backend_id = "c1";
    result.url = Coordinator("c1").url().ToString();
    result.good = true;
    result.coordinator_suffix = "abcde";
    result.load = load;
    result.measured = clock_.Now();
    return result;
  }
  std::size_t Queries() { return Coordinator("c1").Count("POST", "/v1/statement"); }
  std::size_t Infos() { return Coordinator("c1").Count("GET", "/v1/info"); }

  model::SharedProbes shared_{clock_, 40min};  // of which time passes only by steady_offset
};

TEST_F(SharingMonitorTest, AsksForInfoOnlyWhileAnotherInstanceTellsTheRest) {
  shared_.Follow({Found(7)});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  EXPECT_EQ(Status("c1").load, 7);
  EXPECT_EQ(Status("c1").coordinator_suffix, "abcde");
  ASSERT_TRUE(Until([&] { return Infos() > 5; }));
  EXPECT_EQ(Queries(), 0U);
  EXPECT_EQ(Coordinator("c1").Count("GET", "/v1/queryState"), 0U);
  EXPECT_EQ(suffixes_.size(), 1U);
}

TEST_F(SharingMonitorTest, HeedsNewLoadsAtOnce) {
  options_.interval = 1h;
  shared_.Follow({Found(7)});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  shared_.Follow({Found(9)});
  EXPECT_TRUE(Until([&] { return Status("c1").load == 9; }));
  EXPECT_EQ(Infos(), 1U);
}

TEST_F(SharingMonitorTest, TakesOverAtOnceThatOthersFoundItUnhealthy) {
  options_.hysteresis.fall = 100;  // which the other one has counted
  shared_.Follow({Found(7)});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  auto bad = Found(7);
  bad.good = false;
  bad.failure_class = "bounds";
  shared_.Follow({bad});
  EXPECT_TRUE(UntilHealthIs("c1", Health::kUnhealthy));
  EXPECT_EQ(Status("c1").failure_class, "bounds");
  EXPECT_EQ(Queries(), 0U);
}

TEST_F(SharingMonitorTest, ProbesForItselfWhenResultsAreTooOld) {
  Coordinator("c1").behaviour.uptime_seconds = 1e6;
  shared_.Follow({Found(7)});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  clock_.steady_offset = 41min;
  EXPECT_TRUE(Until([&] { return Queries() > 0; }));
  EXPECT_TRUE(Until([&] { return Status("c1").load == 4; }));
}

TEST_F(SharingMonitorTest, TellsOthersWhatItFindsWhileItLeads) {
  shared_.Lead(clock_.Now() + 1h);
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  const auto published = shared_.TakePublished();
  ASSERT_EQ(published.size(), 1U);
  const auto& found = published.front();
  EXPECT_EQ(found.backend_id, "c1");
  EXPECT_EQ(found.url, Coordinator("c1").url().ToString());
  EXPECT_TRUE(found.good);
  EXPECT_EQ(found.coordinator_suffix, "eif54");
  EXPECT_EQ(found.load, 4);
}

TEST_F(SharingMonitorTest, TellsOthersNothingOfAClusterThatItCannotReach) {
  shared_.Lead(clock_.Now() + 1h);
  Coordinator("c1").Stop();
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kUnhealthy));
  EXPECT_TRUE(shared_.TakePublished().empty());
}

TEST_F(SharingMonitorTest, ProbesSoonWhenItTakesOver) {
  options_.interval = 1h;
  shared_.Follow({Found(7)});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  shared_.Lead(clock_.Now() + 1h);
  EXPECT_TRUE(Until([&] { return Queries() > 0; }));
  EXPECT_TRUE(Until([&] { return Status("c1").load == 4; }));
}

TEST_F(MonitorTest, RunsOneProbeQueryAndThenAsksForInfoOnly) {
  Declare({"c1"});
  StartMonitor();
  ASSERT_TRUE(Until([&] { return Coordinator("c1").Requests("GET", "/v1/info").size() >= 5; }));
  EXPECT_EQ(Coordinator("c1").Requests("POST", "/v1/statement").size(), 1U);
}

TEST_F(MonitorTest, ProbesAHealthyBackendOnOneConnection) {
  Declare({"c1"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  const auto before = Coordinator("c1").connections();
  ASSERT_TRUE(Until([&] { return Coordinator("c1").Count("GET", "/v1/info") >= 10; }));
  EXPECT_EQ(Coordinator("c1").connections(), before);
}

// The kept connection may go on when the listener is gone.
TEST_F(MonitorTest, ProbesADoubtedBackendOnANewConnection) {
  options_.interval = options_.unhealthy_interval = std::chrono::hours(1);
  Declare({"c1"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  const auto before = Coordinator("c1").connections();
  monitor_->ReportFailure("c1", "refused");
  ASSERT_TRUE(Until([&] { return Coordinator("c1").Count("GET", "/v1/queryState") == 2; }));
  EXPECT_EQ(Coordinator("c1").connections(), before + 1);
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

TEST_F(MonitorTest, DetectsThatForwardedHeadersAreRefused) {
  Coordinator("c1").behaviour.process_forwarded = false;
  Declare({"c1"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  EXPECT_FALSE(Status("c1").process_forwarded);

  Coordinator("c1").behaviour.process_forwarded = true;  // set up otherwise, and started anew
  EXPECT_TRUE(Until([&] { return Status("c1").process_forwarded; }));
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
  EXPECT_EQ(metrics_.Expose().find("trino_gateway_backend_load{"), std::string::npos);
}

TEST_F(MonitorTest, LearnsTheNewSuffixOfARestartedCoordinator) {
  Declare({"c1"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  Coordinator("c1").behaviour.uptime_seconds = 3;
  Coordinator("c1").behaviour.suffix = "n3w3r";
  EXPECT_TRUE(Until([&] { return Status("c1").coordinator_suffix == "n3w3r"; }));
  EXPECT_EQ(suffixes_.back().first, "n3w3r");
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

TEST_F(MonitorTest, FollowsWhatIsDeclared) {
  Declare({"c1"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  Declare({"c2"});
  ASSERT_TRUE(UntilHealthIs("c2", Health::kHealthy));
  const auto before = Coordinator("c1").Requests("GET", "/v1/info").size();
  const auto others = Coordinator("c2").Requests("GET", "/v1/info").size();
  ASSERT_TRUE(
      Until([&] { return Coordinator("c2").Requests("GET", "/v1/info").size() >= others + 5; }));
  EXPECT_LE(Coordinator("c1").Requests("GET", "/v1/info").size(), before + 1);  // one under way
  EXPECT_EQ(metrics_.Expose().find(R"(trino_gateway_backend_healthy{backend="c1"})"),
            std::string::npos);
}

TEST_F(MonitorTest, ProbesABackendAnewThatMovedToAnotherAddress) {
  Coordinator("elsewhere").behaviour.suffix = "m0ved";
  Declare({"c1"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  registry_.ReplaceFile({.backends = {{.id = "c1", .url = Coordinator("elsewhere").url()}}},
                        "adhoc");
  EXPECT_EQ(Status("c1").health, Health::kUnknown);
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  EXPECT_EQ(Status("c1").coordinator_suffix, "m0ved");
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

TEST_F(MonitorTest, LogsEachChange) {
  auto& behaviour = Coordinator("c1").behaviour;
  behaviour.query_error = "nodes is empty";
  const auto lines = telemetry::CaptureLines([&] {
    logger_.emplace(telemetry::Level::kInfo);
    Declare({"c1"});
    StartMonitor();
    ASSERT_TRUE(UntilHealthIs("c1", Health::kUnhealthy));
    behaviour.query_error = "";
    ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
    behaviour.starting = true;
    behaviour.uptime_seconds = 1;
    behaviour.process_forwarded = false;
    ASSERT_TRUE(UntilHealthIs("c1", Health::kStarting));
    StopMonitor();
    logger_.reset();
  });
  std::vector<std::string> events;
  for (const auto& line : lines) {
    events.emplace_back(line.at("event").as_string());
    EXPECT_EQ(line.at("backend").as_string(), "c1");
  }
  EXPECT_EQ(events, (std::vector<std::string>{"backend.unhealthy", "backend.spooling",
                                              "backend.healthy", "backend.restarted",
                                              "backend.process_forwarded", "backend.starting"}));
  EXPECT_EQ(lines.at(0).at("reason").as_string(), "probe query failed: nodes is empty");
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

TEST_F(MonitorTest, ForgetsALoadThatIsTooOld) {
  options_.interval = std::chrono::hours(1);
  options_.stats_valid_for = 30s;
  Declare({"c1"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  monitor_->Tend();
  EXPECT_EQ(Status("c1").load, 4);
  clock_.steady_offset = 29s;
  monitor_->Tend();
  EXPECT_EQ(Status("c1").load, 4);
  clock_.steady_offset = 31s;
  monitor_->Tend();
  EXPECT_EQ(Status("c1").load, std::nullopt);
  EXPECT_EQ(Status("c1").load_reason, "the last value is too old");
  EXPECT_EQ(Status("c1").health, Health::kHealthy);
}

TEST_F(MonitorTest, LeavesABackendAloneWhileItIsOffSchedule) {
  options_.interval = options_.unhealthy_interval = 10ms;
  model::Backend backend{.id = "c1", .url = Coordinator("c1").url()};
  backend.uptime_schedule = "* 9-17 * * *";
  clock_.wall += 5h + 59min + 59s;  // 17:59:59
  registry_.ReplaceFile({.backends = {backend}}, "adhoc");
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));

  clock_.wall += 1s;
  monitor_->Tend();
  EXPECT_EQ(Status("c1").health, Health::kOffSchedule);
  EXPECT_EQ(Status("c1").reason, "off schedule until 2026-11-25 09:00 UTC");
  EXPECT_EQ(Status("c1").load, std::nullopt);
  EXPECT_TRUE(monitor_->ProbedAll());
  Declare({"c1", "c2"});  // c2 shows that time goes by
  backend.url = Coordinator("c1").url();
  registry_.ReplaceFile({.backends = {backend, {.id = "c2", .url = Coordinator("c2").url()}}},
                        "adhoc");
  ASSERT_TRUE(UntilHealthIs("c2", Health::kHealthy));
  const auto before = Coordinator("c1").Requests("GET", "/v1/info").size();
  monitor_->ReportFailure("c1", "refused");  // a query that still runs there
  const auto others = Coordinator("c2").Requests("GET", "/v1/info").size();
  ASSERT_TRUE(
      Until([&] { return Coordinator("c2").Requests("GET", "/v1/info").size() >= others + 5; }));
  EXPECT_LE(Coordinator("c1").Requests("GET", "/v1/info").size(), before + 1);  // one under way
  EXPECT_EQ(Status("c1").health, Health::kOffSchedule);

  clock_.wall += 15h;
  monitor_->Tend();
  EXPECT_NE(Status("c1").health, Health::kOffSchedule);
  EXPECT_TRUE(UntilHealthIs("c1", Health::kHealthy));
}

TEST_F(MonitorTest, ReportsTwoBackendsThatAreOneCoordinator) {
  Coordinator("c2").behaviour.suffix = "0ther";
  Declare({"c1", "c2"});
  registry_.ReplaceFile({.backends = {{.id = "alias", .url = Coordinator("c1").url()},
                                      {.id = "c1", .url = Coordinator("c1").url()},
                                      {.id = "c2", .url = Coordinator("c2").url()}}},
                        "adhoc");
  StartMonitor();
  for (const auto* id : {"alias", "c1", "c2"}) ASSERT_TRUE(UntilHealthIs(id, Health::kHealthy));
  EXPECT_TRUE(Status("c1").same_as == "alias" || Status("alias").same_as == "c1");
  EXPECT_EQ(Status("c2").same_as, "");
}

TEST_F(MonitorTest, ProbesSingleBackendsInTheirOwnWay) {
  ProbeSettings own = options_.probe;
  own.credentials.token = "a.b.c";
  Coordinator("c1").behaviour.authorization = "Bearer a.b.c";
  options_.backends["c1"] = own;
  Declare({"c1", "c2"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  ASSERT_TRUE(UntilHealthIs("c2", Health::kHealthy));

  Coordinator("c2").behaviour.authorization = "Bearer d.e.f";
  own.credentials.token = "d.e.f";
  own.load_source = LoadSource::kMetrics;
  monitor_->UseSettings({{"c2", own}});
  EXPECT_TRUE(Until([&] { return Status("c2").figures.active_workers == 3; }));
}

TEST_F(MonitorTest, AsksABackendThatIsDrainedWhatLivesThere) {
  options_.interval = std::chrono::hours(1);
  model::Backend backend{.id = "c1", .url = Coordinator("c1").url()};
  registry_.ReplaceFile({.backends = {backend}}, "adhoc");
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  auto& live = registry_.Current()->FindBackend("c1")->counters->live;
  for (const auto* id : {"q0", "ended"}) live.Seen(id, clock_.Now() - 40s);
  ASSERT_EQ(registry_.Left("c1")->queries, 2U);
  backend.draining = true;
  registry_.ReplaceFile({.backends = {backend}}, "adhoc");
  EXPECT_TRUE(Until([&] { return registry_.Left("c1")->queries == 1; }));
}

TEST_F(MonitorTest, KeepsUpWithFiveHundredBackendsOfWhichSomeHangAndSomeFlap) {
  constexpr int kBackends = 500;
  // One server for each kind; loopback has as many addresses as one likes.
  auto& good = Coordinator("good");
  auto& hanging = Coordinator("hanging");
  auto& flapping = Coordinator("flapping");
  hanging.behaviour.hangs = true;
  options_.interval = 100ms;
  options_.unhealthy_interval = 50ms;
  options_.probe.load_source = LoadSource::kNone;
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
  const auto patience = clock_.Now() + 60s;
  // Counting takes long, so it is not done after each event.
  while (rounds < 5 && clock_.Now() < patience) {
    io_.run_for(50ms);
    const auto now = good.Count("GET", "/v1/info") / kGood;
    if (now > rounds) flapping.behaviour.starting = !flapping.behaviour.starting;
    rounds = now;
  }
  ASSERT_GE(rounds, 5U);
  // Nobody waited for those that hang: each of them has its one request open.
  EXPECT_EQ(hanging.Count("GET", "/v1/info"), 50U);
  EXPECT_EQ(hanging.open_connections(), 50);
  const auto snapshot = registry_.Current();
  int healthy = 0;
  for (int i = 100; i < kBackends; ++i) {
    healthy += snapshot->FindBackend(fmt::format("c{}", i))->status.health == Health::kHealthy;
  }
  EXPECT_EQ(healthy, 400);
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
