#include "model/snapshot.h"

#include <string>

#include <gtest/gtest.h>

namespace gateway::model {
namespace {

BackendState MakeState(Health health, std::string reason = "") {
  BackendState state;
  state.backend.id = "c1";
  state.status.health = health;
  state.status.reason = std::move(reason);
  state.counters = std::make_shared<BackendCounters>();
  return state;
}

TEST(BackendState, TakesQueriesOnlyWhenEnabledAndHealthy) {
  for (const auto health : {Health::kUnknown, Health::kStarting, Health::kHealthy,
                            Health::kUnhealthy, Health::kOffSchedule}) {
    SCOPED_TRACE(NameOf(health));
    auto state = MakeState(health);
    EXPECT_EQ(state.Eligible(), health == Health::kHealthy);
    state.backend.enabled = false;
    EXPECT_FALSE(state.Eligible());
  }
}

TEST(BackendState, SaysWhyItTakesNoQueries) {
  EXPECT_EQ(MakeState(Health::kHealthy).IneligibleReason(), "");
  EXPECT_EQ(MakeState(Health::kStarting).IneligibleReason(), "starting");
  auto state = MakeState(Health::kUnhealthy, "connect: refused");
  EXPECT_EQ(state.IneligibleReason(), "connect: refused");
  state.backend.enabled = false;
  EXPECT_EQ(state.IneligibleReason(), "disabled");
}

TEST(BackendState, IsNotProbedAtFirst) {
  BackendState state;
  EXPECT_FALSE(state.Eligible());
  EXPECT_EQ(state.IneligibleReason(), "not probed yet");
}

TEST(BackendState, LoadIsWhatIsInFlightUntilOneWasProbed) {
  auto state = MakeState(Health::kHealthy);
  state.counters->in_flight = 3;
  state.counters->submissions = 50;
  EXPECT_DOUBLE_EQ(state.Load(), 3);
  state.status.load = 10;
  state.status.submissions_seen = 48;
  EXPECT_DOUBLE_EQ(state.Load(), 12);
}

struct SnapshotTest : testing::Test {
  static Snapshot Make() {
    Snapshot::Parts parts;
    parts.backends.push_back(std::make_unique<const BackendState>(MakeState(Health::kHealthy)));
    GroupState group;
    group.group.id = "adhoc";
    group.members.push_back(parts.backends.front().get());
    group.cursor = std::make_shared<GroupCursor>();
    parts.groups.push_back(std::move(group));
    return Snapshot(std::move(parts));
  }
};

TEST_F(SnapshotTest, FindsByIdAndNothingElse) {
  const auto snapshot = Make();
  EXPECT_EQ(snapshot.FindBackend("c1"), snapshot.backends().front().get());
  EXPECT_EQ(snapshot.FindBackend("adhoc"), nullptr);
  EXPECT_EQ(snapshot.FindGroup("adhoc"), &snapshot.groups().front());
  EXPECT_EQ(snapshot.FindGroup(""), nullptr);
}

TEST_F(SnapshotTest, KeepsItsMembersWhenItIsMoved) {
  auto first = Make();
  const Snapshot second = std::move(first);
  EXPECT_EQ(second.FindGroup("adhoc")->members.front(), second.FindBackend("c1"));
}

}  // namespace
}  // namespace gateway::model
