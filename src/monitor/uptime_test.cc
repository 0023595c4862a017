#include "monitor/uptime.h"

#include <gtest/gtest.h>

namespace gateway::monitor {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

// A Tuesday.
Clock::WallTime At(int hour, int minute, milliseconds more = 0ms) {
  return sys_days(2026y / November / 24) + hours(hour) + minutes(minute) + more;
}

TEST(Uptime, CoversTheMinutesOfItsScheduleExactly) {
  const Uptime office("* 9-17 * * mon-fri");
  EXPECT_FALSE(office.Covers(At(8, 59, 59'999ms)));
  EXPECT_TRUE(office.Covers(At(9, 0)));
  EXPECT_TRUE(office.Covers(At(17, 59, 59'999ms)));
  EXPECT_FALSE(office.Covers(At(18, 0)));
}

TEST(Uptime, FollowsTheZoneOfItsScheduleOverDaylightSaving) {
  const Uptime berlin("CRON_TZ=Europe/Berlin * 9-17 * * *");
  EXPECT_TRUE(berlin.Covers(sys_days(2026y / March / 28) + 8h));    // 09:00 CET
  EXPECT_FALSE(berlin.Covers(sys_days(2026y / March / 28) + 7h));   // 08:00 CET
  EXPECT_TRUE(berlin.Covers(sys_days(2026y / March / 29) + 7h));    // 09:00 CEST
  EXPECT_FALSE(berlin.Covers(sys_days(2026y / March / 29) + 16h));  // 18:00 CEST
  EXPECT_TRUE(berlin.Covers(sys_days(2026y / October / 25) + 16h + 59min));
  EXPECT_FALSE(berlin.Covers(sys_days(2026y / October / 25) + 17h));
}

TEST(Uptime, IsAlwaysWithoutASchedule) {
  EXPECT_TRUE(Uptime("").Covers(At(3, 0)));
  EXPECT_TRUE(Uptime("no cron expression").Covers(At(3, 0)));  // refused where it is written
}

TEST(Uptime, SaysUntilWhenItIsOff) {
  const Uptime office("* 9-17 * * mon-fri");
  EXPECT_EQ(office.WhyNot(At(18, 30)), "off schedule until 2026-11-25 09:00 UTC");
  EXPECT_EQ(office.WhyNot(At(8, 59, 59'000ms)), "off schedule until 2026-11-24 09:00 UTC");
  EXPECT_EQ(Uptime("0 0 1 1 *").WhyNot(At(3, 0)), "off schedule for the next seven days");
}

}  // namespace
}  // namespace gateway::monitor
