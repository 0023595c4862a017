#include <array>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "routing/balancer_fixture.h"

namespace gateway::routing {
namespace {

TEST_F(BalancerTest, RoundRobinTakesTurns) {
  Declare(3, Strategy::kRoundRobin);
  std::string order;
  for (int i = 0; i < 6; ++i) order += PickId();
  EXPECT_EQ(order, "c1c2c3c1c2c3");
}

TEST_F(BalancerTest, SkipsBackendsThatAreNotHealthyOrWereTried) {
  Declare(3, Strategy::kRoundRobin);
  Report("c2", Health::kUnhealthy);
  Refresh();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(PickId({snapshot->FindBackend("c1")}), "c3");
  EXPECT_EQ(PickId({snapshot->FindBackend("c1"), snapshot->FindBackend("c3")}), "");
}

TEST_F(BalancerTest, SkipsBackendsThatDrainOrAreAboveTheirLimit) {
  for (const auto strategy :
       {Strategy::kRoundRobin, Strategy::kRandom, Strategy::kLeastLoad,
        Strategy::kWeightedRoundRobin, Strategy::kLeastInFlight, Strategy::kHash}) {
    SCOPED_TRACE(NameOf(strategy));
    Declare(3, strategy, [](auto& configuration) {
      configuration.backends[0].draining = true;
      configuration.backends[1].load_limit = 10;
    });
    Report("c2", Health::kHealthy, 10.5);
    Refresh();
    EXPECT_EQ(PickMany(20), (std::map<std::string, int>{{"c3", 20}}));
  }
}

TEST_F(BalancerTest, NoticesALimitThatItsOwnSubmissionsReach) {
  Declare(1, Strategy::kRoundRobin,
          [](auto& configuration) { configuration.backends[0].load_limit = 2; });
  Report("c1", Health::kHealthy, 0);
  Refresh();
  EXPECT_EQ(PickMany(5), (std::map<std::string, int>{{"c1", 3}, {"", 2}}));
}

TEST_F(BalancerTest, FallsBackToTheNextGroup) {
  Declare(1, Strategy::kRoundRobin,
          [](auto& configuration) { configuration.groups.emplace_back().id = "empty"; });
  choice.groups.insert(choice.groups.begin(), snapshot->FindGroup("empty"));
  EXPECT_EQ(balancer.Choose(choice, {}).group->group.id, "g");
}

TEST_F(BalancerTest, ALoadLimitHoldsForAKnownLoadOnly) {
  Declare(2, Strategy::kRoundRobin,
          [](auto& configuration) { configuration.backends[0].load_limit = 2; });
  Counters("c1").in_flight = 30;
  EXPECT_EQ(PickMany(4), (std::map<std::string, int>{{"c1", 2}, {"c2", 2}}));
  Report("c1", Health::kHealthy, 3);
  Refresh();
  EXPECT_EQ(PickMany(4), (std::map<std::string, int>{{"c2", 4}}));
}

// Picks from 8 threads at once; returns how often each backend was picked.
std::map<std::string, int> PickFromThreads(const Clock& clock,
                                           const GroupChoice& choice,
                                           int picks_each) {
  std::mutex mutex;
  std::map<std::string, int> total;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      SeededRandom own(static_cast<std::uint64_t>(t));
      Balancer balancer(clock, own);
      std::map<const model::BackendState*, int> picks;
      for (int i = 0; i < picks_each; ++i) ++picks[balancer.Choose(choice, {}).backend];
      const std::lock_guard lock(mutex);
      for (const auto& [backend, count] : picks) total[backend->backend.id] += count;
    });
  }
  threads.clear();
  return total;
}

TEST_F(BalancerTest, StaysExactOverManyThreads) {
  for (const auto strategy : {Strategy::kRoundRobin, Strategy::kLeastLoad}) {
    SCOPED_TRACE(NameOf(strategy));
    Declare(5, strategy);
    for (int i = 1; i <= 5; ++i) Report("c" + std::to_string(i), Health::kHealthy, 0);
    Refresh();
    for (const auto& [id, count] : PickFromThreads(clock, choice, 100'000)) {
      SCOPED_TRACE(id);
      EXPECT_EQ(count, 160'000);
    }
  }
}

TEST_F(BalancerTest, MeetsWeightsExactlyOverManyThreads) {
  Declare(3, Strategy::kWeightedRoundRobin,
          [](auto& configuration) { configuration.groups[0].weights = {{"c1", 95}, {"c2", 4}}; });
  EXPECT_EQ(PickFromThreads(clock, choice, 100'000),
            (std::map<std::string, int>{{"c1", 760'000}, {"c2", 32'000}, {"c3", 8'000}}));
}

TEST_F(BalancerTest, CountsEverySubmission) {
  Declare(1, Strategy::kRandom);
  PickFromThreads(clock, choice, 100);
  EXPECT_EQ(Counters("c1").submissions, 800u);
}

TEST_F(BalancerTest, PreviewsWithoutTakingTheTurn) {
  for (const auto strategy : {Strategy::kRoundRobin, Strategy::kWeightedRoundRobin,
                              Strategy::kLeastLoad, Strategy::kLeastInFlight, Strategy::kHash}) {
    SCOPED_TRACE(NameOf(strategy));
    Declare(3, strategy);
    const auto submissions = [this] {
      return Counters("c1").submissions + Counters("c2").submissions + Counters("c3").submissions;
    };
    const auto before = submissions();
    PickId();
    for (int i = 0; i < 4; ++i) {
      const auto first = balancer.Preview(choice);
      EXPECT_EQ(first.backend, balancer.Preview(choice).backend);
      EXPECT_EQ(first.backend->backend.id, PickId());
    }
    EXPECT_EQ(submissions() - before, 5u);
  }
}

TEST_F(BalancerTest, LeavesTurnsAndLoadsAloneForWhatIsNoStatement) {
  for (const auto strategy : {Strategy::kRoundRobin, Strategy::kWeightedRoundRobin,
                              Strategy::kLeastLoad, Strategy::kLeastInFlight}) {
    SCOPED_TRACE(NameOf(strategy));
    Declare(2, strategy);
    const auto submissions = [this] {
      return Counters("c1").submissions + Counters("c2").submissions;
    };
    const auto before = submissions();
    std::map<std::string, int> any;
    std::map<std::string, int> picked;
    for (int i = 0; i < 40; ++i) {
      const auto pick = balancer.ChooseAny(choice, {});
      EXPECT_EQ(pick.group->group.id, "g");
      ++any[pick.backend->backend.id];
      ++picked[PickId()];
    }
    EXPECT_EQ(picked, (std::map<std::string, int>{{"c1", 20}, {"c2", 20}}));
    EXPECT_EQ(submissions() - before, 40U);
    EXPECT_GT(any["c1"], 0);
    EXPECT_GT(any["c2"], 0);
    const std::array tried{snapshot->FindBackend("c1")};
    EXPECT_EQ(balancer.ChooseAny(choice, tried).backend->backend.id, "c2");
  }
}

TEST_F(BalancerTest, ExplainsWhyNothingCouldBePicked) {
  Declare(4, Strategy::kRoundRobin, [](auto& configuration) {
    configuration.backends[2].draining = true;
    configuration.backends[3].load_limit = 1;
  });
  Report("c1", Health::kUnhealthy);
  Report("c4", Health::kHealthy, 2);
  Refresh();
  EXPECT_EQ(ExplainUnavailable(choice),
            "g: c1 (connect: refused), c2 (failed), c3 (draining), c4 (load above its limit)");
  EXPECT_EQ(ExplainUnavailable({}), "no enabled group is configured for it");
}

TEST_F(BalancerTest, TellsWhetherThereIsAnotherWithoutTakingItsTurn) {
  Declare(2, Strategy::kRoundRobin);
  const std::vector first{snapshot->FindBackend("c1")};
  EXPECT_TRUE(balancer.HasAny(choice, {}));
  EXPECT_TRUE(balancer.HasAny(choice, first));
  EXPECT_EQ(PickId(), "c1");
  EXPECT_EQ(Counters("c2").submissions, 0u);
  Report("c2", Health::kUnhealthy);
  Refresh();
  EXPECT_FALSE(balancer.HasAny(choice, first));
}

}  // namespace
}  // namespace gateway::routing
