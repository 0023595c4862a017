#include "model/snapshot.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

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

TEST(BackendState, TakesNoQueriesWhileItDrains) {
  auto state = MakeState(Health::kHealthy);
  state.backend.draining = true;
  EXPECT_FALSE(state.Eligible());
  EXPECT_EQ(state.IneligibleReason(), "draining");
}

TEST(BackendState, TakesNoQueriesWhileItsLoadIsAboveTheLimit) {
  auto state = MakeState(Health::kHealthy);
  state.backend.load_limit = 10;
  state.status.load = 10;
  EXPECT_TRUE(state.Eligible());
  state.counters->submissions = 1;
  EXPECT_FALSE(state.Eligible());
  EXPECT_TRUE(state.Up());
  EXPECT_EQ(state.IneligibleReason(), "load above its limit");
}

TEST(BackendState, CountsWhatOtherInstancesRelay) {
  auto state = MakeState(Health::kHealthy);
  state.counters->in_flight = 3;
  state.counters->remote_in_flight = 4;
  EXPECT_EQ(state.InFlight(), 7);
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
  state.status.submissions_seen = 51;
  EXPECT_DOUBLE_EQ(state.Load(), 10);
}

// A snapshot of healthy backends c1 and c2 in the group `adhoc`, as `change` has it.
template <typename Change>
std::unique_ptr<const Snapshot> MakeSnapshot(Change change) {
  Configuration file;
  auto& group = file.groups.emplace_back();
  group.id = "adhoc";
  group.backends = {"c2", "gone", "c1"};
  std::vector<BackendState> states;
  for (const auto id : {"c1", "c2"}) {
    states.push_back(MakeState(Health::kHealthy));
    states.back().backend.id = id;
  }
  change(group, states);
  Snapshot::Parts parts;
  for (auto& state : states) {
    file.backends.push_back(state.backend);
    parts.backends.push_back(std::make_shared<const BackendState>(state));
  }
  parts.declared = Declared::Build(file, {}, "adhoc");
  parts.cursors.push_back(std::make_shared<GroupCursor>());
  return std::make_unique<const Snapshot>(std::move(parts));
}

TEST(Snapshot, FindsByIdAndNothingElse) {
  const auto snapshot = MakeSnapshot([](auto&, auto&) {});
  EXPECT_EQ(snapshot->FindBackend("c1"), snapshot->backends().front().get());
  EXPECT_EQ(snapshot->FindGroup("adhoc"), &snapshot->groups().front());
  for (const auto id : {"", "a", "c", "c11", "c3"}) {
    SCOPED_TRACE(id);
    EXPECT_EQ(snapshot->FindBackend(id), nullptr);
    EXPECT_EQ(snapshot->FindGroup(id), nullptr);
  }
}

TEST(Snapshot, KeepsMembersInTheOrderOfTheGroup) {
  const auto snapshot = MakeSnapshot([](auto&, auto&) {});
  const auto& group = snapshot->groups().front();
  ASSERT_EQ(group.members.size(), 2u);
  EXPECT_EQ(group.members[0], snapshot->FindBackend("c2"));
  EXPECT_EQ(group.members[1], snapshot->FindBackend("c1"));
  EXPECT_EQ(group.up, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_FALSE(group.limited);
}

TEST(Snapshot, LeavesOutOfTurnWhatTakesNoQueries) {
  const auto up = [](auto change) { return MakeSnapshot(change)->groups().front().up; };
  const std::vector<std::uint32_t> only_c2{0};
  EXPECT_EQ(up([](auto&, auto& states) { states[0].backend.enabled = false; }), only_c2);
  EXPECT_EQ(up([](auto&, auto& states) { states[0].backend.draining = true; }), only_c2);
  EXPECT_EQ(up([](auto&, auto& states) { states[0].status.health = Health::kStarting; }), only_c2);
  const auto weightless = [](Strategy strategy) {
    return [strategy](auto& group, auto&) {
      group.strategy = strategy;
      group.weights = {{"c1", 0}};
    };
  };
  EXPECT_EQ(up(weightless(Strategy::kWeightedRoundRobin)), only_c2);
  EXPECT_EQ(up(weightless(Strategy::kRoundRobin)).size(), 2u);
}

TEST(Snapshot, KnowsWhetherLimitsMustBeAsked) {
  const auto snapshot =
      MakeSnapshot([](auto&, auto& states) { states[0].backend.load_limit = 10; });
  EXPECT_TRUE(snapshot->groups().front().limited);
}

TEST(Snapshot, KnowsHowLongTheLastOneToRecoverRampsUp) {
  const Clock::WallTime recovered{std::chrono::hours(1)};
  const auto snapshot = MakeSnapshot([&](auto& group, auto& states) {
    group.slow_start = std::chrono::seconds(30);
    states[1].up_since = recovered;
  });
  EXPECT_EQ(snapshot->groups().front().ramps_until, recovered + std::chrono::seconds(30));
}

}  // namespace
}  // namespace gateway::model
