// Probes of which another instance has done the expensive steps.
#include <string>

#include <gtest/gtest.h>

#include "monitor/prober_fixture.h"

namespace gateway::monitor {
namespace {

using namespace std::chrono_literals;

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

}  // namespace
}  // namespace gateway::monitor
