#include "routing/balancer.h"

#include <cmath>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "model/registry.h"

namespace gateway::routing {
namespace {

struct BalancerTest : testing::Test {
  // A group `g` of healthy backends c1..cN.
  void Declare(int backends, model::Strategy strategy) {
    model::Configuration configuration;
    model::Group group;
    group.id = "g";
    group.strategy = strategy;
    for (int i = 1; i <= backends; ++i) {
      model::Backend backend;
      backend.id = "c" + std::to_string(i);
      backend.url = {false, "127.0.0.1", static_cast<std::uint16_t>(18080 + i)};
      group.backends.push_back(backend.id);
      configuration.backends.push_back(backend);
    }
    configuration.groups.push_back(group);
    registry.ReplaceFile(configuration, "g");
    for (const auto& id : group.backends) Report(id, model::Health::kHealthy);
    Refresh();
  }

  void Report(const std::string& id,
              model::Health health,
              std::optional<double> load = std::nullopt) {
    model::BackendStatus status;
    status.health = health;
    status.reason = health == model::Health::kHealthy ? "" : "connect: refused";
    status.load = load;
    registry.ReportStatus(id, status);
  }

  void Refresh() {
    snapshot = registry.Current();
    choice = {};
    choice.groups.push_back(snapshot->FindGroup("g"));
  }

  std::string PickId(const std::vector<const model::BackendState*>& excluded = {}) {
    const auto pick = PickBackend(choice, excluded, random);
    return pick.backend ? pick.backend->backend.id : "";
  }

  SystemClock clock;
  model::Registry registry{clock, "g"};
  SeededRandom random{7};
  model::SnapshotPtr snapshot;
  GroupChoice choice;
};

TEST_F(BalancerTest, RoundRobinTakesTurns) {
  Declare(3, model::Strategy::kRoundRobin);
  std::string order;
  for (int i = 0; i < 6; ++i) order += PickId();
  EXPECT_EQ(order, "c1c2c3c1c2c3");
}

TEST_F(BalancerTest, SkipsBackendsThatAreNotHealthyOrWereTried) {
  Declare(3, model::Strategy::kRoundRobin);
  Report("c2", model::Health::kUnhealthy);
  Refresh();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(PickId({snapshot->FindBackend("c1")}), "c3");
  EXPECT_EQ(PickId({snapshot->FindBackend("c1"), snapshot->FindBackend("c3")}), "");
}

TEST_F(BalancerTest, FallsBackToTheNextGroup) {
  Declare(1, model::Strategy::kRoundRobin);
  model::GroupState empty;
  empty.group.id = "empty";
  choice.groups.insert(choice.groups.begin(), &empty);
  EXPECT_EQ(PickBackend(choice, {}, random).group->group.id, "g");
}

TEST_F(BalancerTest, RandomIsUniform) {
  Declare(4, model::Strategy::kRandom);
  std::map<std::string, int> picks;
  for (int i = 0; i < 40'000; ++i) ++picks[PickId()];
  for (const auto& [id, count] : picks) {
    SCOPED_TRACE(id);
    EXPECT_NEAR(count, 10'000, 400);  // more than four standard deviations
  }
}

TEST_F(BalancerTest, LeastLoadCountsWhatItSubmittedSinceTheProbe) {
  Declare(2, model::Strategy::kLeastLoad);
  Report("c1", model::Health::kHealthy, 2);
  Report("c2", model::Health::kHealthy, 0);
  Refresh();
  std::map<std::string, int> picks;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(PickId(), "c2");
  for (int i = 0; i < 10; ++i) ++picks[PickId()];
  EXPECT_EQ(picks["c1"], 5);
  EXPECT_EQ(picks["c2"], 5);
}

TEST_F(BalancerTest, LeastLoadGoesByExchangesInFlightWhileNoLoadIsKnown) {
  Declare(2, model::Strategy::kLeastLoad);
  snapshot->FindBackend("c1")->counters->in_flight = 1;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(PickId(), "c2");
}

// Picks from 8 threads at once; returns how often each backend was picked.
std::map<std::string, int> PickFromThreads(const GroupChoice& choice, int picks_each) {
  std::mutex mutex;
  std::map<std::string, int> total;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      SeededRandom own(static_cast<std::uint64_t>(t));
      std::map<std::string, int> picks;
      for (int i = 0; i < picks_each; ++i) {
        ++picks[PickBackend(choice, {}, own).backend->backend.id];
      }
      const std::lock_guard lock(mutex);
      for (const auto& [id, count] : picks) total[id] += count;
    });
  }
  threads.clear();
  return total;
}

TEST_F(BalancerTest, StaysExactOverManyThreads) {
  for (const auto strategy : {model::Strategy::kRoundRobin, model::Strategy::kLeastLoad}) {
    SCOPED_TRACE(NameOf(strategy));
    Declare(5, strategy);
    for (int i = 1; i <= 5; ++i) Report("c" + std::to_string(i), model::Health::kHealthy, 0);
    Refresh();
    for (const auto& [id, count] : PickFromThreads(choice, 100'000)) {
      SCOPED_TRACE(id);
      EXPECT_EQ(count, 160'000);
    }
  }
}

TEST_F(BalancerTest, CountsEverySubmission) {
  Declare(1, model::Strategy::kRandom);
  PickFromThreads(choice, 100);
  EXPECT_EQ(snapshot->FindBackend("c1")->counters->submissions, 800u);
}

TEST_F(BalancerTest, ExplainsWhyNothingCouldBePicked) {
  Declare(2, model::Strategy::kRoundRobin);
  Report("c1", model::Health::kUnhealthy);
  Refresh();
  EXPECT_EQ(ExplainUnavailable(choice), "g: c1 (connect: refused), c2 (failed)");
  EXPECT_EQ(ExplainUnavailable({}), "no enabled group is configured for it");
}

}  // namespace
}  // namespace gateway::routing
