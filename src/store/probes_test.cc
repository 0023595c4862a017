#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "store/store.h"
#include "store/store_testing.h"

namespace gateway::store {
namespace {

using namespace std::chrono_literals;

// The servers have clocks of their own, which no test can move: what takes time is tried on SQLite.
struct ProbesTest : OnEachDatabase {
  model::ProbeResult Full() const {
    model::ProbeResult result;
    result.backend_id = "c1";
    result.url = "http://127.0.0.1:8080";
    result.good = false;
    result.failure_class = "bounds";
    result.reason = "it's \"too\" much: 🦉";
    result.coordinator_suffix = "eif54";
    result.coordinator_id = "node1";
    result.spooling = true;
    result.load = 2.5;
    result.load_reason = "none";
    result.figures = {1, 2, 3, 4, 5e12, 0.25};
    result.measured = clock.Now();
    return result;
  }
};
struct ProbesOverTimeTest : ProbesTest {};
INSTANTIATE_TEST_SUITE_P(On, ProbesTest, testing::ValuesIn(TestDatabases()), NameOfTestDatabase);
INSTANTIATE_TEST_SUITE_P(On,
                         ProbesOverTimeTest,
                         testing::Values(TestDatabases().front()),
                         NameOfTestDatabase);

TEST_P(ProbesTest, LetOneInstanceLeadAtATime) {
  const auto store = Open();
  EXPECT_EQ(store->HoldProbeLease("a", 1min), true);
  EXPECT_EQ(Open()->HoldProbeLease("b", 1min), false);
  EXPECT_EQ(store->HoldProbeLease("a", 1min), true);
  ASSERT_TRUE(store->ReleaseProbeLease("b"));  // which has nothing to give back
  EXPECT_EQ(store->HoldProbeLease("b", 1min), false);
  ASSERT_TRUE(store->ReleaseProbeLease("a"));
  EXPECT_EQ(store->HoldProbeLease("b", 1min), true);
}

TEST_P(ProbesTest, LoseTheLeaseWhenItsTermIsOver) {
  const auto store = Open();
  EXPECT_EQ(store->HoldProbeLease("a", 0ms), true);
  EXPECT_EQ(store->HoldProbeLease("b", 1min), true);
  EXPECT_EQ(store->HoldProbeLease("a", 1min), false);
}

TEST_P(ProbesOverTimeTest, FindAnotherLeaderWhenTheClockWentBack) {
  const auto store = Open();
  EXPECT_EQ(store->HoldProbeLease("a", 5s), true);
  clock.Advance(-1h);
  EXPECT_EQ(store->HoldProbeLease("b", 5s), true);
  EXPECT_EQ(store->HoldProbeLease("a", 5s), false);
}

TEST_P(ProbesTest, ComeBackAsTheyWereFound) {
  const auto store = Open();
  model::ProbeResult least;
  least.backend_id = "c2";
  least.good = true;
  least.measured = clock.Now();
  ASSERT_TRUE(store->HoldProbeLease("a", 1min));
  ASSERT_TRUE(store->SaveProbes("a", {Full()}));
  ASSERT_TRUE(store->SaveProbes("a", {Full(), least}));
  auto loaded = store->LoadProbes(1min);
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->size(), 2U);
  for (auto& result : *loaded) {
    EXPECT_LT(clock.Now() - result.measured, 1min);
    result.measured = clock.Now();
  }
  EXPECT_EQ(*loaded, (std::vector{Full(), least}));
}

TEST_P(ProbesTest, AreTakenFromTheLeaderOnly) {
  const auto store = Open();
  ASSERT_TRUE(store->HoldProbeLease("a", 1min));
  EXPECT_EQ(CodeOf(store->SaveProbes("b", {Full()})), ErrorCode::kAborted);
  ASSERT_TRUE(store->HoldProbeLease("a", 0ms));
  EXPECT_EQ(CodeOf(store->SaveProbes("a", {Full()})), ErrorCode::kAborted);
  EXPECT_EQ(store->LoadProbes(1min)->size(), 0U);
}

TEST_P(ProbesOverTimeTest, KeepTheLeaseUntilItsTermIsOver) {
  const auto store = Open();
  ASSERT_TRUE(store->HoldProbeLease("a", 5s));
  clock.Advance(4s);
  EXPECT_EQ(store->HoldProbeLease("b", 5s), false);
  ASSERT_TRUE(store->HoldProbeLease("a", 5s));
  clock.Advance(4s);
  EXPECT_EQ(store->HoldProbeLease("b", 5s), false);
  clock.Advance(1s);
  EXPECT_EQ(store->HoldProbeLease("b", 5s), true);
}

TEST_P(ProbesOverTimeTest, AgeFromWhenTheyWereMeasured) {
  const auto store = Open();
  auto result = Full();
  clock.Advance(3s);  // until it is saved
  ASSERT_TRUE(store->HoldProbeLease("a", 5s));
  ASSERT_TRUE(store->SaveProbes("a", {result}));
  clock.Advance(7s);
  EXPECT_EQ(store->LoadProbes(10s), std::vector{result});
  EXPECT_TRUE(store->LoadProbes(9s)->empty());
}

TEST_P(ProbesOverTimeTest, CountAsJustMeasuredWhenTheyAreFromALittleLater) {
  const auto store = Open();
  ASSERT_TRUE(store->HoldProbeLease("a", 5s));
  ASSERT_TRUE(store->SaveProbes("a", {Full()}));
  clock.Advance(-10s);
  EXPECT_EQ(store->LoadProbes(10s), std::vector{Full()});  // measured now
  clock.Advance(-1ms);
  EXPECT_TRUE(store->LoadProbes(10s)->empty());
}

}  // namespace
}  // namespace gateway::store
