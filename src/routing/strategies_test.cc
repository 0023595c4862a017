#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "routing/balancer_fixture.h"

namespace gateway::routing {
namespace {

using namespace std::chrono_literals;

struct SlowStartTest : BalancerTest {
  void DeclareSlow(int backends, Strategy strategy) {
    Declare(backends, strategy,
            [](auto& configuration) { configuration.groups[0].slow_start = 100s; });
  }
};

TEST_F(BalancerTest, RandomIsUniform) {
  Declare(4, Strategy::kRandom);
  for (const auto& [id, count] : PickMany(40'000)) {
    SCOPED_TRACE(id);
    EXPECT_NEAR(count, 10'000, 400);  // more than four standard deviations
  }
}

TEST_F(BalancerTest, WeightsAreMetExactlyAndSpreadEvenly) {
  Declare(3, Strategy::kWeightedRoundRobin,
          [](auto& configuration) { configuration.groups[0].weights = {{"c1", 5}, {"c3", 0}}; });
  std::string order;
  for (int i = 0; i < 12; ++i) order += PickId();
  EXPECT_EQ(order, "c1c1c1c2c1c1c1c1c1c2c1c1");
}

TEST_F(BalancerTest, TakesTheWeightsOfTheBackendsThatAreLeft) {
  Declare(3, Strategy::kWeightedRoundRobin, [](auto& configuration) {
    configuration.groups[0].weights = {{"c1", 90}, {"c2", 6}, {"c3", 4}};
  });
  Report("c1", Health::kUnhealthy);
  Refresh();
  EXPECT_EQ(PickMany(100), (std::map<std::string, int>{{"c2", 60}, {"c3", 40}}));
}

TEST_F(BalancerTest, HasNobodyWhereAllWeightsAreZero) {
  Declare(1, Strategy::kWeightedRoundRobin,
          [](auto& configuration) { configuration.groups[0].weights = {{"c1", 0}}; });
  EXPECT_EQ(PickId(), "");
  EXPECT_EQ(ExplainUnavailable(choice), "g: c1 (weight 0)");
}

TEST_F(BalancerTest, KeepsTurnsByWeightWhenMembersChange) {
  const auto declare = [this](int members) {
    Declare(members, Strategy::kWeightedRoundRobin,
            [](auto& configuration) { configuration.groups[0].weights = {{"c1", 3}}; });
  };
  declare(2);
  PickMany(3);
  declare(4);
  EXPECT_EQ(PickMany(6), (std::map<std::string, int>{{"c1", 3}, {"c2", 1}, {"c3", 1}, {"c4", 1}}));
  declare(1);
  EXPECT_EQ(PickMany(2), (std::map<std::string, int>{{"c1", 2}}));
}

TEST_F(BalancerTest, LeastLoadCountsWhatItSubmittedSinceTheProbe) {
  Declare(2, Strategy::kLeastLoad);
  Report("c1", Health::kHealthy, 2);
  Report("c2", Health::kHealthy, 0);
  Refresh();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(PickId(), "c2");
  EXPECT_EQ(PickMany(10), (std::map<std::string, int>{{"c1", 5}, {"c2", 5}}));
}

TEST_F(BalancerTest, LeastLoadGoesByExchangesInFlightWhileNoLoadIsKnown) {
  Declare(2, Strategy::kLeastLoad);
  Counters("c1").in_flight = 1;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(PickId(), "c2");
}

TEST_F(BalancerTest, LeastLoadTakesAnUnknownLoadForTheWorst) {
  Declare(3, Strategy::kLeastLoad);
  Report("c1", Health::kHealthy, 4);
  Report("c2", Health::kHealthy);
  Report("c3", Health::kHealthy, 2);
  Refresh();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(PickId(), "c3");
  // All three count as 4 now; what is in flight where nothing is known comes on top.
  Counters("c2").in_flight = 3;
  EXPECT_EQ(PickMany(4), (std::map<std::string, int>{{"c1", 2}, {"c3", 2}}));
}

TEST_F(BalancerTest, LeastLoadTakesTheBetterOfTwoInALargeGroup) {
  Declare(40, Strategy::kLeastLoad);
  for (int i = 1; i <= 40; ++i) Report("c" + std::to_string(i), Health::kHealthy, i);
  Refresh();
  auto picks = PickMany(39);
  EXPECT_EQ(picks["c40"], 0);   // the worst of all loses every draw
  EXPECT_GT(picks.size(), 5u);  // while the best alone would have got them all
  for (int i = 1; i <= 40; ++i) Report("c" + std::to_string(i), Health::kHealthy, 0);
  Refresh();
  for (const auto& [id, count] : PickMany(40'000)) {
    SCOPED_TRACE(id);
    EXPECT_NEAR(count, 1000, 10);  // random picks alone would differ by a hundred
  }
}

TEST_F(BalancerTest, LeastInFlightCountsOtherInstancesToo) {
  Declare(3, Strategy::kLeastInFlight);
  Counters("c1").in_flight = 3;
  Counters("c2").in_flight = 1;
  Counters("c3").in_flight = 2;
  EXPECT_EQ(PickId(), "c2");
  registry.ReportRemote({{"c2", {.exchanges = 5}}});
  EXPECT_EQ(PickId(), "c3");
  Counters("c1").in_flight = 2;
  EXPECT_EQ(PickMany(10), (std::map<std::string, int>{{"c1", 5}, {"c3", 5}}));
}

TEST_F(BalancerTest, HashKeepsAKeyOnItsBackend) {
  Declare(5, Strategy::kHash);
  std::map<std::string, int> owners;
  for (int i = 0; i < 1000; ++i) {
    const auto key = "user" + std::to_string(i);
    const auto owner = PickForKey(key);
    ++owners[owner];
    ASSERT_EQ(PickForKey(key), owner);
  }
  for (const auto& [id, count] : owners) EXPECT_NEAR(count, 200, 80) << id;
}

TEST_F(BalancerTest, HashMovesOnlyTheKeysOfABackendThatIsDown) {
  Declare(5, Strategy::kHash);
  std::map<std::string, std::string> before;
  for (int i = 0; i < 300; ++i) {
    const auto key = "user" + std::to_string(i);
    before[key] = PickForKey(key);
  }
  Report("c2", Health::kUnhealthy);
  Refresh();
  for (const auto& [key, owner] : before) {
    const auto now = PickForKey(key);
    ASSERT_NE(now, "c2");
    if (owner != "c2") {
      ASSERT_EQ(now, owner);
    }
  }
}

TEST_F(BalancerTest, HashBoundsTheLoadOfABusyBackend) {
  Declare(4, Strategy::kHash);
  const auto owner = PickForKey("ada");
  for (const auto id : {"c1", "c2", "c3", "c4"}) Counters(id).in_flight = 8;
  Counters(owner).in_flight = 10;
  EXPECT_EQ(PickForKey("ada"), owner);  // below 1.25 * (34 + 1) / 4 = 10.9, rounded up
  Counters(owner).in_flight = 12;
  const auto next = PickForKey("ada");
  EXPECT_NE(next, owner);
  EXPECT_EQ(PickForKey("ada"), next);
  Counters(owner).in_flight = 0;
  EXPECT_EQ(PickForKey("ada"), owner);
}

TEST_F(BalancerTest, HashSpreadsOneKeyOverAllWhenItIsAllThereIs) {
  Declare(3, Strategy::kHash);
  std::map<std::string, int> picks;
  for (int i = 0; i < 30; ++i) {
    const auto picked = PickForKey("ada");
    ++picks[picked];
    ++Counters(picked).in_flight;
  }
  for (const auto& [id, count] : picks) EXPECT_LE(count, 13) << id;  // 1.25 * 30 / 3, rounded up
  EXPECT_EQ(picks.size(), 3u);
}

TEST_F(SlowStartTest, GivesTurnsByTheTimeSinceRecovery) {
  for (const auto strategy : {Strategy::kRoundRobin, Strategy::kWeightedRoundRobin}) {
    SCOPED_TRACE(NameOf(strategy));
    DeclareSlow(2, strategy);
    Recover("c2");
    EXPECT_NEAR(PickMany(1050)["c2"], 50, 1);  // a twentieth at once
    clock.Advance(25s);
    EXPECT_NEAR(PickMany(1000)["c2"], 200, 1);
    clock.Advance(25s);
    EXPECT_NEAR(PickMany(900)["c2"], 300, 1);
    clock.Advance(50s);
    EXPECT_NEAR(PickMany(1000)["c2"], 500, 1);
  }
}

TEST_F(SlowStartTest, HoldsForRandomPicks) {
  DeclareSlow(2, Strategy::kRandom);
  Recover("c2");
  clock.Advance(25s);
  EXPECT_NEAR(PickMany(10'000)["c2"], 2000, 200);
}

TEST_F(SlowStartTest, HoldsForTheLeastLoaded) {
  DeclareSlow(2, Strategy::kLeastLoad);
  Recover("c2");
  Report("c1", Health::kHealthy, 0);
  Report("c2", Health::kHealthy, 0);
  Refresh();
  clock.Advance(25s);
  EXPECT_NEAR(PickMany(1000)["c2"], 200, 2);
}

TEST_F(SlowStartTest, HoldsForTheLeastInFlight) {
  DeclareSlow(2, Strategy::kLeastInFlight);
  Recover("c2");
  clock.Advance(25s);
  Counters("c1").in_flight = 2;
  EXPECT_EQ(PickId(), "c1");  // 3 of a whole share against 1 of a quarter
  Counters("c1").in_flight = 4;
  EXPECT_EQ(PickId(), "c2");
}

TEST_F(BalancerTest, GivesIdleMembersTheLeastInFlightInTurn) {
  Declare(4, Strategy::kLeastInFlight);
  Counters("c2").in_flight = 1;
  std::vector<std::string> picks;
  for (int i = 0; i < 6; ++i) picks.push_back(PickId());
  EXPECT_EQ(picks, (std::vector<std::string>{"c1", "c3", "c4", "c1", "c3", "c4"}));
}

}  // namespace
}  // namespace gateway::routing
