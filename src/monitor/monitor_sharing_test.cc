// What a monitor does whose results are shared with other instances.
#include <string>

#include <gtest/gtest.h>

#include "monitor/monitor_fixture.h"

namespace gateway::monitor {
namespace {

using namespace std::chrono_literals;

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

TEST_F(SharingMonitorTest, AddsSubmissionsThatAreNewerThanALoadToIt) {
  options_.interval = 1h;
  shared_.Follow({Found(7)});
  StartMonitor();
  ASSERT_TRUE(UntilHealthIs("c1", Health::kHealthy));
  const auto measured_before = Found(9);
  clock_.steady_offset = 2s;
  registry_.Current()->FindBackend("c1")->counters->submissions = 3;
  monitor_->Tend();  // notes them
  shared_.Follow({measured_before});
  ASSERT_TRUE(Until([&] { return Status("c1").load == 9; }));
  EXPECT_DOUBLE_EQ(registry_.Current()->FindBackend("c1")->Load(), 12);
  shared_.Follow({Found(11)});
  ASSERT_TRUE(Until([&] { return Status("c1").load == 11; }));
  EXPECT_DOUBLE_EQ(registry_.Current()->FindBackend("c1")->Load(), 11);
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

}  // namespace
}  // namespace gateway::monitor
