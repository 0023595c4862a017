#include "base/expiring_cache.h"

#include <gtest/gtest.h>

#include "base/fake_clock.h"

namespace gateway {
namespace {

using namespace std::chrono_literals;

struct ExpiringCacheTest : testing::Test {
  void Put(std::string key, int value) { cache.Put(std::move(key), value, clock.Now() + 10s); }
  int Find(std::string_view key) {
    const auto* value = cache.Find(key, clock.Now());
    return value ? *value : -1;
  }

  FakeClock clock;
  ExpiringCache<int> cache{2};
};

TEST_F(ExpiringCacheTest, FindsWhatWasPutIn) {
  Put("a", 1);
  EXPECT_EQ(Find("a"), 1);
  EXPECT_EQ(Find("b"), -1);
  Put("a", 2);
  EXPECT_EQ(Find("a"), 2);
  EXPECT_EQ(cache.size(), 1U);
}

TEST_F(ExpiringCacheTest, ForgetsAtAFixedTimeHoweverOftenItIsRead) {
  Put("a", 1);
  for (int second = 0; second < 10; ++second) {
    EXPECT_EQ(Find("a"), 1);
    clock.Advance(1s);
  }
  EXPECT_EQ(Find("a"), -1);
  EXPECT_EQ(cache.size(), 0U);
}

TEST_F(ExpiringCacheTest, DropsWhatWasNotReadForTheLongest) {
  Put("a", 1);
  Put("b", 2);
  EXPECT_EQ(Find("a"), 1);
  Put("c", 3);
  EXPECT_EQ(Find("a"), 1);
  EXPECT_EQ(Find("b"), -1);
  EXPECT_EQ(Find("c"), 3);
  EXPECT_EQ(cache.size(), 2U);
}

TEST(ExpiringCache, KeepsNothingWithoutCapacity) {
  ExpiringCache<int> cache(0);
  cache.Put("a", 1, Clock::TimePoint::max());
  EXPECT_EQ(cache.Find("a", Clock::TimePoint::min()), nullptr);
}

}  // namespace
}  // namespace gateway
