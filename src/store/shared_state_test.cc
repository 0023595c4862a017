#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "store/store.h"
#include "store/store_testing.h"

namespace gateway::store {
namespace {

using namespace std::chrono_literals;

struct SharedStateTest : OnEachDatabase {};
INSTANTIATE_TEST_SUITE_P(On,
                         SharedStateTest,
                         testing::ValuesIn(TestDatabases()),
                         NameOfTestDatabase);

TEST_P(SharedStateTest, RemembersSuffixesAndRenewsThem) {
  const auto store = Open();
  ASSERT_TRUE(store->SaveSuffix("eif54", "c1"));
  clock.Advance(1h);
  ASSERT_TRUE(store->SaveSuffix("abcde", "c2"));
  clock.Advance(1h);
  ASSERT_TRUE(store->SaveSuffix("eif54", "c1"));
  const auto now = clock.WallNow();
  const std::vector<SuffixSighting> expected = {{"abcde", "c2", now - 1h}, {"eif54", "c1", now}};
  EXPECT_EQ(store->LoadSuffixes(), expected);
}

TEST_P(SharedStateTest, ForgetsSuffixesAfterTheRetention) {
  const auto store = Open();
  ASSERT_TRUE(store->SaveSuffix("eif54", "c1"));
  clock.Advance(kSuffixRetention + 1s);
  EXPECT_EQ(store->LoadSuffixes(), std::vector<SuffixSighting>{});
}

TEST_P(SharedStateTest, ForgetsWhatItKnewOfADeletedBackend) {
  const auto store = Open();
  ASSERT_TRUE(store->Edit("put", [](ConfigurationEdit& edit) {
    return edit.Put(model::Backend{.id = "c1", .url = Url{false, "127.0.0.1", 8080}});
  }));
  for (const auto* id : {"c1", "c2"}) {
    ASSERT_TRUE(store->SaveSuffix("eif54", id));
    ASSERT_TRUE(store->SaveMark({.backend_id = id, .healthy = false}));
  }
  ASSERT_TRUE(store->Edit(
      "delete", [](ConfigurationEdit& edit) { return edit.Delete(Kind::kBackend, "c1"); }));
  ASSERT_EQ(store->LoadSuffixes()->size(), 1U);
  EXPECT_EQ(store->LoadSuffixes()->front().backend_id, "c2");
  const auto loaded = store->LoadMarks();
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->marks.size(), 1U);
  EXPECT_EQ(loaded->marks.front().backend_id, "c2");
}

TEST_P(SharedStateTest, KeepsTheLastMarkOfEachBackend) {
  const auto store = Open();
  ASSERT_TRUE(store->SaveMark({.backend_id = "c2", .healthy = true, .load = 7}));
  ASSERT_TRUE(store->SaveMark({.backend_id = "c1", .healthy = true}));
  clock.Advance(1h);
  ASSERT_TRUE(store->SaveMark({.backend_id = "c2", .load = -1}));
  const auto now = clock.WallNow();
  const std::vector<BackendMark> expected = {{"c1", true, std::nullopt, now - 1h},
                                             {"c2", std::nullopt, -1, now}};
  EXPECT_EQ(Open()->LoadMarks()->marks, expected);
}

TEST_P(SharedStateTest, KeepsLoadsFreshWhateverTheClocksOfInstancesSay) {
  if (GetParam().url.empty()) GTEST_SKIP() << "who shares a file shares a clock";
  const auto store = Open();
  const std::vector<InstanceLoad> loads = {{"a", "c1", {.queries = 2}}};
  ASSERT_TRUE(store->SaveInstanceLoads("a", loads));
  clock.Advance(1h);
  EXPECT_EQ(store->LoadOtherInstanceLoads("b", 5s), loads);
}

// The servers have clocks of their own, which no test can move.
TEST_P(SharedStateTest, TellsFreshLoadsOfOtherInstances) {
  if (!GetParam().url.empty()) GTEST_SKIP();
  const auto store = Open();
  ASSERT_TRUE(store->SaveInstanceLoads("old", {{"old", "c1", {.exchanges = 9}}}));
  clock.Advance(10s);
  const model::DrainState many{.exchanges = 3'000'000'000};
  const model::DrainState all{7, 1, 2, true};
  ASSERT_TRUE(store->SaveInstanceLoads("a", {{"a", "c1", all}, {"a", "c2", many}}));
  ASSERT_TRUE(store->SaveInstanceLoads("b", {{"b", "c1", all}}));
  EXPECT_EQ(store->LoadOtherInstanceLoads("b", 5s)->back(), (InstanceLoad{"a", "c2", many}));
  ASSERT_TRUE(store->SaveInstanceLoads("a", {{"a", "c2", all}}));
  const std::vector<InstanceLoad> expected = {{"a", "c2", all}};
  EXPECT_EQ(store->LoadOtherInstanceLoads("b", 5s), expected);
  EXPECT_EQ(store->LoadOtherInstanceLoads("b", 10s)->size(), 2U);
  ASSERT_TRUE(store->SaveInstanceLoads("a", {}));
  EXPECT_EQ(store->LoadOtherInstanceLoads("b", 5s), std::vector<InstanceLoad>{});
}

TEST_P(SharedStateTest, TakesLoadsFromALittleLaterForFresh) {
  if (!GetParam().url.empty()) GTEST_SKIP();
  const auto store = Open();
  const std::vector<InstanceLoad> loads = {{"a", "c1", {.queries = 2}}};
  ASSERT_TRUE(store->SaveInstanceLoads("a", loads));
  clock.Advance(-5s);
  EXPECT_EQ(store->LoadOtherInstanceLoads("b", 5s), loads);
  clock.Advance(-1ms);  // the clock went back
  EXPECT_EQ(store->LoadOtherInstanceLoads("b", 5s), std::vector<InstanceLoad>{});
}

}  // namespace
}  // namespace gateway::store
