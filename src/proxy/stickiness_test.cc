#include "proxy/stickiness.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace gateway::proxy {
namespace {

using namespace std::string_view_literals;

TEST(Stickiness, TellsEveryWorkerWhatOneOfThemLearned) {
  Stickiness shared;
  StickyView first(shared);
  StickyView second(shared);
  EXPECT_TRUE(second.Owners("eif54").empty());
  first.Learn("eif54", "c1");
  EXPECT_EQ(second.Owners("eif54"), std::vector{"c1"sv});
}

TEST(Stickiness, ReportsBackendsWithTheSameSuffixLatestFirst) {
  Stickiness shared;
  StickyView view(shared);
  view.Learn("eif54", "c1");
  view.Learn("eif54", "c2");
  EXPECT_EQ(view.Owners("eif54"), (std::vector{"c2"sv, "c1"sv}));
}

TEST(Stickiness, ReportsEachSightingOnceForStoring) {
  std::vector<Sighting> stored;
  Stickiness shared([&](const Sighting& sighting) { stored.push_back(sighting); });
  StickyView view(shared);
  for (int i = 0; i < 3; ++i) view.Learn("eif54", "c1");
  shared.Learn("eif54", "c1");
  shared.Learn("", "c1");
  EXPECT_EQ(stored, (std::vector<Sighting>{{"eif54", "c1"}}));
}

TEST(Stickiness, ForgetsTheOldestWhenFull) {
  Stickiness shared;
  StickyView view(shared);
  for (std::size_t i = 0; i <= Stickiness::kMaxSightings; ++i) {
    shared.Learn("s" + std::to_string(i), "c1");
  }
  EXPECT_TRUE(view.Owners("s0").empty());
  EXPECT_EQ(view.Owners("s1"), std::vector{"c1"sv});
  EXPECT_EQ(shared.table()->size(), Stickiness::kMaxSightings);
}

TEST(Stickiness, TakesSightingsFromManyThreads) {
  Stickiness shared;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&shared, t] {
        StickyView view(shared);
        for (int i = 0; i < 100; ++i) view.Learn(std::to_string(i), "c" + std::to_string(t));
      });
    }
  }
  EXPECT_EQ(shared.table()->size(), 400u);
}

}  // namespace
}  // namespace gateway::proxy
