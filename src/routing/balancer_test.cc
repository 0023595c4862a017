#include "routing/balancer.h"

#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "base/stable_hash.h"
#include "model/registry.h"

namespace gateway::routing {
namespace {

using model::Health;
using model::Strategy;
using namespace std::chrono_literals;

struct BalancerTest : testing::Test {
  // A group `g` of healthy backends c1..cN that recovered long ago, as `change` has it.
  template <typename Change>
  void Declare(int backends, Strategy strategy, Change change) {
    model::Configuration configuration;
    auto& group = configuration.groups.emplace_back();
    group.id = "g";
    group.strategy = strategy;
    for (int i = 1; i <= backends; ++i) {
      auto& backend = configuration.backends.emplace_back();
      backend.id = "c" + std::to_string(i);
      backend.url = {false, "127.0.0.1", static_cast<std::uint16_t>(18080 + i)};
      group.backends.push_back(backend.id);
    }
    change(configuration);
    registry.ReplaceFile(configuration, "g");
    for (const auto& backend : configuration.backends) Report(backend.id, Health::kHealthy);
    clock.Advance(24h);
    Refresh();
  }
  void Declare(int backends, Strategy strategy) {
    Declare(backends, strategy, [](auto&) {});
  }

  void Report(const std::string& id, Health health, std::optional<double> load = std::nullopt) {
    model::BackendStatus status;
    status.health = health;
    status.reason = health == Health::kHealthy ? "" : "connect: refused";
    status.load = load;
    registry.ReportStatus(id, status);
  }

  void Recover(const std::string& id) {
    Report(id, Health::kUnhealthy);
    Report(id, Health::kHealthy);
    Refresh();
  }

  void Refresh() {
    snapshot = registry.Current();
    choice = {};
    choice.groups.push_back(snapshot->FindGroup("g"));
  }

  model::BackendCounters& Counters(const std::string& id) {
    return *snapshot->FindBackend(id)->counters;
  }

  std::string PickId(const std::vector<const model::BackendState*>& excluded = {}) {
    const auto pick = balancer.Choose(choice, excluded);
    return pick.backend ? pick.backend->backend.id : "";
  }

  std::map<std::string, int> PickMany(int count) {
    std::map<std::string, int> picks;
    for (int i = 0; i < count; ++i) ++picks[PickId()];
    return picks;
  }

  std::string PickForKey(const std::string& key) {
    choice.keys[0] = StableHash(key);
    return PickId();
  }

  FakeClock clock;
  model::Registry registry{clock, "g"};
  SeededRandom random{7};
  Balancer balancer{clock, random};
  model::SnapshotPtr snapshot;
  GroupChoice choice;
};

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

struct SlowStartTest : BalancerTest {
  void DeclareSlow(int backends, Strategy strategy) {
    Declare(backends, strategy,
            [](auto& configuration) { configuration.groups[0].slow_start = 100s; });
  }
};

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

}  // namespace
}  // namespace gateway::routing
