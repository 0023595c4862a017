#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "monitor/monitor_fixture.h"
#include "telemetry/captured_lines.h"

namespace gateway::monitor {
namespace {

using namespace std::chrono_literals;

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
}

TEST_F(MonitorTest, LeavesSubmissionsInTheLoadWhenNothingWasMeasured) {
  options_.interval = 1h;
  Declare({"c1"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  const auto* c1 = registry_.Current()->FindBackend("c1");
  c1->counters->submissions = 3;
  auto status = Status("c1");
  status.same_as = "c2";  // whatever else is reported with the old load
  registry_.ReportStatus("c1", status);
  EXPECT_DOUBLE_EQ(registry_.Current()->FindBackend("c1")->Load(), 7);
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

TEST_F(MonitorTest, DetectsThatForwardedHeadersAreRefused) {
  Coordinator("c1").behaviour.process_forwarded = false;
  Declare({"c1"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  EXPECT_FALSE(Status("c1").process_forwarded);

  Coordinator("c1").behaviour.process_forwarded = true;  // set up otherwise, and started anew
  EXPECT_TRUE(Until([&] { return Status("c1").process_forwarded; }));
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

TEST_F(MonitorTest, LogsWhatIsSaidByHandAndThatAProbeOverrulesIt) {
  const auto lines = telemetry::CaptureLines([&] {
    logger_.emplace(telemetry::Level::kInfo);
    Declare({"c1"});
    StartMonitor();
    ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
    registry_.MarkHealth("c1", false);
    ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
    StopMonitor();
    logger_.reset();
  });
  std::vector<std::string> events;
  for (const auto& line : lines) events.emplace_back(line.at("event").as_string());
  EXPECT_EQ(events, (std::vector<std::string>{"backend.spooling", "backend.healthy",
                                              "backend.unhealthy", "backend.healthy"}));
}

TEST_F(MonitorTest, ForgetsALoadThatIsTooOld) {
  options_.interval = std::chrono::hours(1);
  options_.stats_valid_for = 10min;
  Declare({"c1"});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  monitor_->Tend();
  EXPECT_EQ(Status("c1").load, 4);
  clock_.steady_offset = 5min;
  monitor_->Tend();
  EXPECT_EQ(Status("c1").load, 4);
  clock_.steady_offset = 11min;
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

TEST_F(MonitorTest, AsksABackendThatIsDrainedWhatLivesThereAlsoOffSchedule) {
  options_.interval = std::chrono::hours(1);
  model::Backend backend{.id = "c1", .url = Coordinator("c1").url()};
  backend.uptime_schedule = "* 0-9 * * *";  // it is 12:00
  registry_.ReplaceFile({.backends = {backend}}, "adhoc");
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kOffSchedule));
  auto& live = registry_.Current()->FindBackend("c1")->counters->live;
  for (const auto* id : {"q0", "ended"}) live.SeenDirect(id, clock_.Now() - 40s);
  backend.draining = true;
  registry_.ReplaceFile({.backends = {backend}}, "adhoc");
  ASSERT_TRUE(Until([&] { return registry_.Left("c1")->queries == 1; }));
  clock_.steady_offset = 7min;  // nobody polls it here, but the coordinator still lists it
  const auto before = Coordinator("c1").Count("GET", "/v1/queryState");
  EXPECT_TRUE(Until([&] { return Coordinator("c1").Count("GET", "/v1/queryState") > before + 1; }));
  EXPECT_EQ(registry_.Left("c1")->queries, 1U);
  EXPECT_EQ(Coordinator("c1").Count("POST", "/"), 0U);
  EXPECT_EQ(Status("c1").health, Health::kOffSchedule);
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
  EXPECT_EQ(Status("c1").same_as, "alias");
  EXPECT_EQ(Status("alias").same_as, "c1");
  EXPECT_EQ(Status("c2").same_as, "");
}

TEST_F(MonitorTest, ForgetsThatTwoBackendsAreOneCoordinatorOnBothSides) {
  Declare({"c1", "c2"});  // both fakes say that they are the same
  StartMonitor();
  ASSERT_TRUE(Until([&] { return Status("c1").same_as == "c2" && Status("c2").same_as == "c1"; }));
  Coordinator("c2").behaviour.info_answer = http::Answer(503, "");
  EXPECT_TRUE(Until([&] { return Status("c1").same_as.empty() && Status("c2").same_as.empty(); }));
}

TEST_F(MonitorTest, CountsWhatRanOnADrainedBackendBeforeItBegan) {
  Coordinator("c1").behaviour.old_query = "20200101_000000_00000_eif54";
  registry_.ReplaceFile(
      {.backends = {{.id = "c1", .url = Coordinator("c1").url(), .draining = true}}}, "adhoc");
  StartMonitor();
  EXPECT_TRUE(Until([&] { return registry_.Left("c1")->queries == 1; }));
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

}  // namespace
}  // namespace gateway::monitor
