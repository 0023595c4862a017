#include "base/cron.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

constexpr auto kMonday = sys_days{std::chrono::year(2026) / 11 / 23};

bool Matches(std::string_view text, Clock::WallTime time) {
  const auto cron = Cron::Parse(text);
  if (!cron) ADD_FAILURE() << text << ": " << cron.error().message;
  return cron && cron->Matches(time);
}

// How many minutes of the day that begins at `day` (UTC) it matches.
int MinutesOf(std::string_view text, Clock::WallTime day) {
  const auto cron = Cron::Parse(text);
  if (!cron) ADD_FAILURE() << text << ": " << cron.error().message;
  int minutes = 0;
  for (int minute = 0; cron && minute < 24 * 60; ++minute) {
    minutes += cron->Matches(day + std::chrono::minutes(minute)) ? 1 : 0;
  }
  return minutes;
}

TEST(Cron, MatchesWholeMinutesExactly) {
  const auto nine = kMonday + 9h;
  EXPECT_FALSE(Matches("0 9 * * *", nine - 1us));
  EXPECT_TRUE(Matches("0 9 * * *", nine));
  EXPECT_TRUE(Matches("0 9 * * *", nine + 59s + 999ms));
  EXPECT_FALSE(Matches("0 9 * * *", nine + 1min));
}

TEST(Cron, TellsOfDaysThatNoYearHas) {
  for (const auto* text : {"* * * * *", "0 0 29 2 *", "0 0 31 1-12 *", "0 0 30 2,3 *",
                           "0 0 31 6 mon", "* * 1-31 2 *", "0 0 31 jun */2", "@yearly"}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(Cron::Parse(text)->HasImpossibleDay());
  }
  for (const auto* text :
       {"0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 31 jun ?", "@hourly | 0 0 31 4 *"}) {
    SCOPED_TRACE(text);
    EXPECT_TRUE(Cron::Parse(text)->HasImpossibleDay());
  }
}

TEST(Cron, CountsTheMinutesOfADay) {
  struct Case {
    std::string_view text;
    int minutes;
  };
  const Case cases[] = {
      {"* * * * *", 1440},
      {"? ? ? ? ?", 1440},
      {"*/15 * * * *", 96},
      {"5/20 * * * *", 72},
      {"10-20/5 * * * *", 72},
      {"0,30,30 * * * *", 48},
      {"0-4,59 6 * * *", 6},
      {"* 9-17 * * 1-5", 540},
      {"* 9-17 * * MON-fri", 540},
      {"* 9-17 * * sat,sun", 0},
      {"* * 23 nov *", 1440},
      {"* * 24 * *", 0},
      {"* * * 1-10,12 *", 0},
      {"  0\t0  *  * * ", 1},
      {"*/99 * * * *", 24},
      {"@hourly", 24},
      {"@DAILY", 1},
      {"@midnight", 1},
      {"@weekly", 0},
      {"@monthly", 0},
      {"@yearly", 0},
      {"@annually", 0},
      {"0 1 * * * | 0 2 * * *", 2},
      {"0 1 * * *|@hourly", 24},
      {"0 1 * * *\n\n0 2 * * *\r\n", 2},
      {"* 0-7 * * *\n* 20-23 * * *", 720},
  };
  for (const auto& [text, minutes] : cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(MinutesOf(text, kMonday), minutes);
  }
}

TEST(Cron, KnowsTheDaysOfTheWeek) {
  for (int day = 0; day < 7; ++day) {
    SCOPED_TRACE(day);
    const auto text = "0 0 * * " + std::to_string((day + 1) % 7);
    for (int other = 0; other < 7; ++other) {
      EXPECT_EQ(Matches(text, kMonday + std::chrono::days(other)), day == other);
    }
  }
  const auto sunday = kMonday + std::chrono::days(6);
  EXPECT_TRUE(Matches("0 0 * * 7", sunday));
  EXPECT_TRUE(Matches("0 0 * * 5-7", sunday));
  EXPECT_TRUE(Matches("@weekly", sunday));
}

TEST(Cron, TakesEitherDayWhenBothAreRestricted) {
  const auto first = sys_days{std::chrono::year(2026) / 12 / 1};  // a Tuesday
  EXPECT_TRUE(Matches("0 0 1 * mon", kMonday));
  EXPECT_TRUE(Matches("0 0 1 * mon", first));
  EXPECT_FALSE(Matches("0 0 1 * mon", first + 24h));
  // A star restricts nothing: both must fit. With a step it does restrict.
  for (const auto star : {"*", "?", "*/1", "1,*"}) {
    SCOPED_TRACE(star);
    EXPECT_TRUE(Matches("0 0 " + std::string(star) + " * tue", first));
    EXPECT_FALSE(Matches("0 0 " + std::string(star) + " * mon", first));
    EXPECT_FALSE(Matches("0 0 2 * " + std::string(star), first));
  }
  EXPECT_TRUE(Matches("0 0 */2 * tue", first));
  EXPECT_TRUE(Matches("0 0 */2 * mon", first));
  EXPECT_TRUE(Matches("0 0 2-31/2 * tue", first));
  EXPECT_FALSE(Matches("0 0 */2 * mon", first + 24h));
  EXPECT_TRUE(Matches("0 0 2 * */2", first));
  EXPECT_FALSE(Matches("0 0 2 * */3", first + 24h * 3));
}

TEST(Cron, SaysWhatToWriteInPlaceOfAnInterval) {
  for (const auto text : {"@every 5m", "@EVERY 1h30m", "@every"}) {
    SCOPED_TRACE(text);
    const auto cron = Cron::Parse(text);
    ASSERT_FALSE(cron);
    EXPECT_NE(cron.error().message.find("'*/5 * * * *'"), std::string::npos);
    EXPECT_NE(cron.error().message.find("names no minutes"), std::string::npos);
  }
}

TEST(Cron, ReadsTimesInItsZone) {
  EXPECT_TRUE(Matches("CRON_TZ=Europe/Berlin 0 9 * * *", kMonday + 8h));
  EXPECT_TRUE(Matches("TZ=Asia/Kolkata 30 14 * * *", kMonday + 9h));
  EXPECT_TRUE(Matches("CRON_TZ=Asia/Tokyo * * 24 11 tue", kMonday + 15h));
  EXPECT_FALSE(Matches("CRON_TZ=Asia/Tokyo * * 24 11 tue", kMonday + 15h - 1s));
  EXPECT_TRUE(Matches("CRON_TZ=UTC 0 9 * * * | CRON_TZ=Asia/Tokyo 0 9 * * *", kMonday));
  EXPECT_TRUE(Matches("CRON_TZ=Europe/Berlin @daily", kMonday - 1h));
}

TEST(Cron, SkipsAndRepeatsMinutesWithDaylightSavingTime) {
  const auto forward = sys_days{std::chrono::year(2026) / 3 / 29};  // 02:00 to 03:00 in Berlin
  const auto back = sys_days{std::chrono::year(2026) / 10 / 25};    // 03:00 to 02:00
  EXPECT_EQ(MinutesOf("CRON_TZ=Europe/Berlin 30 2 * * *", forward), 0);
  EXPECT_EQ(MinutesOf("CRON_TZ=Europe/Berlin 30 3 * * *", forward), 1);
  EXPECT_TRUE(Matches("CRON_TZ=Europe/Berlin 59 1 * * *", forward + 59min));
  EXPECT_TRUE(Matches("CRON_TZ=Europe/Berlin 0 3 * * *", forward + 1h));
  EXPECT_EQ(MinutesOf("CRON_TZ=Europe/Berlin 30 2 * * *", back), 2);
  EXPECT_TRUE(Matches("CRON_TZ=Europe/Berlin 30 2 * * *", back + 30min));
  EXPECT_TRUE(Matches("CRON_TZ=Europe/Berlin 30 2 * * *", back + 90min));
  // Nine in the morning stays nine in the morning.
  EXPECT_TRUE(Matches("CRON_TZ=America/New_York 0 9 * * *",
                      sys_days{std::chrono::year(2026) / 7 / 1} + 13h));
  EXPECT_TRUE(Matches("CRON_TZ=America/New_York 0 9 * * *", kMonday + 14h));
}

TEST(Cron, KnowsLeapDays) {
  EXPECT_TRUE(Matches("0 0 29 2 *", sys_days{std::chrono::year(2028) / 2 / 29}));
  EXPECT_FALSE(Matches("0 0 29 2 *", sys_days{std::chrono::year(2027) / 3 / 1}));
  EXPECT_TRUE(Matches("0 0 31 12 *", sys_days{std::chrono::year(1969) / 12 / 31}));
}

TEST(Cron, RefusesWhatItCannotMean) {
  const std::string_view texts[] = {
      "",
      " ",
      "\n",
      "* * * *",
      "* * * * * *",
      "60 * * * *",
      "* 24 * * *",
      "* * 0 * *",
      "* * 32 * *",
      "* * * 0 *",
      "* * * 13 *",
      "* * * * 8",
      "-1 * * * *",
      "5-1 * * * *",
      "*/0 * * * *",
      "*/ * * * *",
      "1- * * * *",
      "-5 * * * *",
      "1,,2 * * * *",
      ",1 * * * *",
      "1, * * * *",
      "a * * * *",
      "* * * january *",
      "jan * * * *",
      "* * * * fri-mon",
      "*-5 * * * *",
      "1/2/3 * * * *",
      "@",
      "@every 5m",
      "@reboot",
      "@hourly @daily",
      "| * * * * *",
      "* * * * * |  | * * * * *",
      "CRON_TZ= * * * * *",
      "CRON_TZ=Mars/Base * * * * *",
      "CRON_TZ=/etc/passwd * * * * *",
      "CRON_TZ=../../etc/localtime * * * * *",
      "CRON_TZ=file:UTC * * * * *",
      "CRON_TZ=UTC",
      "18446744073709551616 * * * *",
  };
  for (const auto text : texts) {
    SCOPED_TRACE(text);
    EXPECT_EQ(CodeOf(Cron::Parse(text)), ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(CodeOf(Cron::Parse(std::string(5000, '*'))), ErrorCode::kInvalidArgument);
}

TEST(Cron, TakesAStepOfAnySizeOnce) {
  EXPECT_EQ(MinutesOf("*/18446744073709551615 * * * *", kMonday), 24);
  EXPECT_EQ(MinutesOf("59/18446744073709551615 * * * *", kMonday), 24);
}

TEST(Cron, SaysWhichFieldIsWrong) {
  EXPECT_EQ(
      Cron::Parse("0 25 * * *").error().message,
      "cron: '25' is not allowed as hour: 0 to 23, a range a-b, *, each maybe with a step /n");
  EXPECT_EQ(
      Cron::Parse("* * * foo *").error().message,
      "cron: 'foo' is not allowed as month: 1 to 12 or jan to dec, a range a-b, *, each maybe "
      "with a step /n");
  EXPECT_EQ(Cron::Parse("* * *").error().message,
            "cron: '* * *' must have five fields: minute, hour, day of month, month, day of week");
}

}  // namespace
}  // namespace gateway
