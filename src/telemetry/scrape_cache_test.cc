#include "telemetry/scrape_cache.h"

#include <gtest/gtest.h>

#include "base/fake_clock.h"

namespace gateway::telemetry {
namespace {

using namespace std::chrono_literals;

TEST(ScrapeCache, SpendsATenthOfTheTimeOnTextsAtMost) {
  FakeClock clock;
  int made = 0;
  ScrapeCache cache(clock, [&] {
    clock.Advance(10ms);
    return std::to_string(++made);
  });
  for (int i = 0; i < 1000; ++i) {
    (void)cache.Text();
    clock.Advance(10ms);
  }
  // Of ten seconds and what the texts took.
  EXPECT_GE(made, 100);
  EXPECT_LE(made, 125);
}

TEST(ScrapeCache, MakesAFewTextsInARow) {
  FakeClock clock;
  int made = 0;
  ScrapeCache cache(clock, [&] {
    clock.Advance(40ms);
    return std::to_string(++made);
  });
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(*cache.Text(), std::to_string(i));
  const auto last = cache.Text();
  EXPECT_EQ(*last, "3");
  EXPECT_EQ(cache.Text(), last) << "and not a copy";
  clock.Advance(10s);
  EXPECT_EQ(*cache.Text(), "4");
  EXPECT_EQ(*last, "3") << "while it is being sent";
}

TEST(ScrapeCache, IsNotHeldBackForLongByOneStall) {
  FakeClock clock;
  int made = 0;
  ScrapeCache cache(clock, [&] {
    clock.Advance(1s);
    return std::to_string(++made);
  });
  EXPECT_EQ(*cache.Text(), "1");
  EXPECT_EQ(*cache.Text(), "1");
  clock.Advance(1s);
  EXPECT_EQ(*cache.Text(), "2");
}

TEST(ScrapeCache, MakesATextThatCostsNothingEachTime) {
  FakeClock clock;
  int made = 0;
  ScrapeCache cache(clock, [&] { return std::to_string(++made); });
  EXPECT_EQ(*cache.Text(), "1");
  EXPECT_EQ(*cache.Text(), "2");
}

}  // namespace
}  // namespace gateway::telemetry
