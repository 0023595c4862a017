#include "monitor/findings.h"

#include <gtest/gtest.h>

namespace gateway::monitor {
namespace {

using model::Health;

Findings Found(Findings::Outcome outcome, double uptime = 100) {
  Findings findings;
  findings.outcome = outcome;
  findings.failure_class = outcome == Findings::Outcome::kOk ? "ok" : "refused";
  findings.reason = outcome == Findings::Outcome::kOk ? "" : "connect: refused";
  findings.info.uptime = uptime;
  return findings;
}

constexpr Hysteresis kTwo{2, 1};

TEST(Digest, MakesABackendHealthyAfterOneGoodProbe) {
  auto findings = Found(Findings::Outcome::kOk);
  findings.coordinator_suffix = "eif54";
  findings.process_forwarded = true;
  findings.load = 3;
  const auto memory = Digest({}, findings, kTwo);
  EXPECT_EQ(memory.status.health, Health::kHealthy);
  EXPECT_EQ(memory.status.reason, "");
  EXPECT_EQ(memory.status.coordinator_suffix, "eif54");
  EXPECT_TRUE(memory.status.process_forwarded);
  EXPECT_EQ(memory.status.load, 3);
}

TEST(Digest, CountsSubmissionsFromTheTimeThatALoadIsOf) {
  auto findings = Found(Findings::Outcome::kOk);
  findings.load = 3;
  findings.submissions_seen = 7;
  const auto memory = Digest({}, findings, kTwo);
  EXPECT_EQ(memory.status.submissions_seen, 7u);
  auto without = Found(Findings::Outcome::kOk);
  without.submissions_seen = 9;
  EXPECT_EQ(Digest(memory, without, kTwo).status.submissions_seen, 7u);
}

TEST(Digest, TellsAtOnceWhyABackendNeverWasHealthy) {
  const auto memory = Digest({}, Found(Findings::Outcome::kFailed), kTwo);
  EXPECT_EQ(memory.status.health, Health::kUnhealthy);
  EXPECT_EQ(memory.status.reason, "connect: refused");
}

TEST(Digest, ForgivesAHealthyBackendAllButTheLastFailureInARow) {
  const auto healthy = Digest({}, Found(Findings::Outcome::kOk), kTwo);
  const auto once = Digest(healthy, Found(Findings::Outcome::kFailed), kTwo);
  EXPECT_EQ(once.status.health, Health::kHealthy);
  const auto recovered = Digest(once, Found(Findings::Outcome::kOk), kTwo);
  EXPECT_EQ(Digest(recovered, Found(Findings::Outcome::kFailed), kTwo).status.health,
            Health::kHealthy);
  EXPECT_EQ(Digest(once, Found(Findings::Outcome::kFailed), kTwo).status.health,
            Health::kUnhealthy);
}

TEST(Digest, TakesARestartedBackendOutWhenItsProbeQueryFails) {
  const auto healthy = Digest({}, Found(Findings::Outcome::kOk, 100), kTwo);
  auto findings = Found(Findings::Outcome::kFailed, 5);  // its uptime went down
  findings.failure_class = "probe_query";
  findings.reason = "probe query failed: nodes is empty";
  EXPECT_EQ(Digest(healthy, findings, kTwo).status.health, Health::kUnhealthy);
}

TEST(Digest, KeepsTheLastLoadWhileOneProbeFailsAndForgetsItInAnOutage) {
  auto findings = Found(Findings::Outcome::kOk);
  findings.load = 3;
  findings.figures.running = 1;
  auto memory = Digest({}, findings, kTwo);
  memory = Digest(memory, Found(Findings::Outcome::kFailed), kTwo);
  EXPECT_EQ(memory.status.load, 3);
  memory = Digest(memory, Found(Findings::Outcome::kFailed), kTwo);
  EXPECT_EQ(memory.status.load, std::nullopt);
  EXPECT_EQ(memory.status.figures, model::ClusterFigures{});
}

TEST(Digest, TellsWhyTheLoadIsUnknown) {
  auto findings = Found(Findings::Outcome::kOk);
  findings.load_reason = "GET /v1/queryState: 401";
  auto memory = Digest({}, findings, kTwo);
  EXPECT_EQ(memory.status.health, Health::kHealthy);
  EXPECT_EQ(memory.status.load_reason, "GET /v1/queryState: 401");
  findings.load_reason.clear();
  findings.load = 1;
  memory = Digest(memory, findings, kTwo);
  EXPECT_EQ(memory.status.load_reason, "");
}

TEST(Digest, WantsSeveralGoodProbesAfterAnOutageWhenSetSo) {
  constexpr Hysteresis kThreeUp{1, 3};
  auto memory = Digest({}, Found(Findings::Outcome::kOk), kThreeUp);
  EXPECT_EQ(memory.status.health, Health::kHealthy);  // the first ones after a start need one
  memory = Digest(memory, Found(Findings::Outcome::kFailed), kThreeUp);
  ASSERT_EQ(memory.status.health, Health::kUnhealthy);
  memory = Digest(memory, Found(Findings::Outcome::kOk), kThreeUp);
  EXPECT_EQ(memory.status.health, Health::kUnhealthy);
  EXPECT_EQ(memory.status.reason, "recovering, 1 of 3 good probes; it was: connect: refused");
  memory = Digest(memory, Found(Findings::Outcome::kFailed), kThreeUp);  // from the beginning
  for (int good = 0; good < 2; ++good) {
    memory = Digest(memory, Found(Findings::Outcome::kOk), kThreeUp);
    EXPECT_EQ(memory.status.health, Health::kUnhealthy);
    EXPECT_TRUE(memory.NeedsQuery({}));
  }
  memory = Digest(memory, Found(Findings::Outcome::kOk), kThreeUp);
  EXPECT_EQ(memory.status.health, Health::kHealthy);
  EXPECT_EQ(memory.status.reason, "");
}

TEST(Digest, CountsWhatAnotherInstanceMeasuredOnce) {
  constexpr Hysteresis kTwoUp{1, 2};
  auto memory = Digest({}, Found(Findings::Outcome::kFailed), kTwoUp);
  auto good = Found(Findings::Outcome::kOk);
  good.shared_at = Clock::TimePoint(std::chrono::seconds(1));
  for (int probe = 0; probe < 3; ++probe) memory = Digest(memory, good, kTwoUp);
  EXPECT_EQ(memory.status.health, Health::kUnhealthy);
  EXPECT_EQ(memory.status.reason, "recovering, 1 of 2 good probes; it was: connect: refused");
  good.shared_at = Clock::TimePoint(std::chrono::seconds(2));
  EXPECT_EQ(Digest(memory, good, kTwoUp).status.health, Health::kHealthy);
}

TEST(Digest, BelievesAtOnceWhatAnotherInstanceHasCounted) {
  const auto healthy = Digest({}, Found(Findings::Outcome::kOk), kTwo);
  auto failed = Found(Findings::Outcome::kFailed);
  failed.shared_at = Clock::TimePoint();
  EXPECT_EQ(Digest(healthy, failed, kTwo).status.health, Health::kUnhealthy);
}

TEST(ToShare, TellsWhatTheExpensiveStepsFound) {
  auto findings = Found(Findings::Outcome::kOk);
  findings.process_forwarded = true;
  findings.load = 3;
  findings.load_reason = "";
  Memory after;
  after.status.health = Health::kHealthy;
  after.status.coordinator_suffix = "eif54";  // of an earlier probe query
  const auto good = ToShare(findings, after);
  ASSERT_TRUE(good);
  EXPECT_TRUE(good->good);
  EXPECT_EQ(good->coordinator_suffix, "eif54");
  EXPECT_EQ(good->load, 3);

  // One failure of several that it takes.
  findings.outcome = Findings::Outcome::kFailed;
  findings.failure_class = "bounds";
  EXPECT_TRUE(ToShare(findings, after)->good);
  after.status.health = Health::kUnhealthy;
  EXPECT_FALSE(ToShare(findings, after)->good);
  EXPECT_EQ(ToShare(findings, after)->failure_class, "bounds");

  // On its way back up: the others count for themselves.
  findings.outcome = Findings::Outcome::kOk;
  EXPECT_TRUE(ToShare(findings, after)->good);
}

TEST(ToShare, TellsNothingWhenTheClusterWasNotThereOrAnotherInstanceFoundIt) {
  EXPECT_EQ(ToShare(Found(Findings::Outcome::kFailed), {}), std::nullopt);
  auto findings = Found(Findings::Outcome::kOk);
  findings.process_forwarded = true;
  findings.shared_at = Clock::TimePoint();
  EXPECT_EQ(ToShare(findings, {}), std::nullopt);
  findings.shared_at.reset();
  findings.outcome = Findings::Outcome::kStarting;
  EXPECT_EQ(ToShare(findings, {}), std::nullopt);
}

TEST(DigestFailure, CountsAsOneFailedProbeUntilTheNext) {
  constexpr Hysteresis kThree{3, 1};
  auto memory = Digest({}, Found(Findings::Outcome::kOk), kThree);
  for (int burst = 0; burst < 100; ++burst) memory = DigestFailure(memory, "refused", kThree);
  EXPECT_EQ(memory.failures, 1);
  EXPECT_EQ(memory.status.health, Health::kHealthy);
  EXPECT_FALSE(memory.BeyondDoubt());
  EXPECT_TRUE(memory.NeedsQuery({}));
  memory = Digest(memory, Found(Findings::Outcome::kFailed), kThree);
  EXPECT_EQ(memory.failures, 2);
  memory = DigestFailure(memory, "refused", kThree);
  EXPECT_EQ(memory.status.health, Health::kUnhealthy);
  EXPECT_EQ(memory.status.reason, "queries failed there: refused");
  EXPECT_EQ(memory.status.failure_class, "refused");
}

TEST(DigestFailure, IsForgottenAfterAGoodProbe) {
  auto memory = Digest({}, Found(Findings::Outcome::kOk), kTwo);
  memory = DigestFailure(memory, "http_503", kTwo);
  memory = Digest(memory, Found(Findings::Outcome::kOk), kTwo);
  EXPECT_TRUE(memory.BeyondDoubt());
  memory = DigestFailure(memory, "http_503", kTwo);
  EXPECT_EQ(memory.status.health, Health::kHealthy);
}

TEST(DigestFailure, LeavesTheReasonOfAnUnhealthyBackend) {
  auto memory = Digest({}, Found(Findings::Outcome::kFailed), kTwo);
  memory = DigestFailure(memory, "timeout", kTwo);
  EXPECT_EQ(memory.status.reason, "connect: refused");
}

TEST(Digest, KeepsAStartingBackendOut) {
  const auto healthy = Digest({}, Found(Findings::Outcome::kOk), kTwo);
  EXPECT_EQ(Digest(healthy, Found(Findings::Outcome::kStarting), kTwo).status.health,
            Health::kStarting);
}

TEST(Memory, IsBeyondDoubtOnlyWhileHealthyAndTheLastProbeSucceeded) {
  Memory memory;
  EXPECT_FALSE(memory.BeyondDoubt());
  memory = Digest(memory, Found(Findings::Outcome::kOk), kTwo);
  EXPECT_TRUE(memory.BeyondDoubt());
  memory = Digest(memory, Found(Findings::Outcome::kFailed), kTwo);
  EXPECT_EQ(memory.status.health, Health::kHealthy);
  EXPECT_FALSE(memory.BeyondDoubt());
}

TEST(Memory, AsksForAProbeQueryUnlessTheCoordinatorJustWentOn) {
  Memory memory;
  Info info;
  info.uptime = 50;
  EXPECT_TRUE(memory.NeedsQuery(info));
  memory = Digest(memory, Found(Findings::Outcome::kOk, 100), kTwo);
  EXPECT_TRUE(memory.NeedsQuery(info));  // uptime went down: restarted
  info.uptime = 110;
  EXPECT_FALSE(memory.NeedsQuery(info));
  info.uptime.reset();
  EXPECT_FALSE(memory.NeedsQuery(info));
}

}  // namespace
}  // namespace gateway::monitor
