#include "telemetry/logger.h"

#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "telemetry/captured_lines.h"

namespace gateway::telemetry {
namespace {

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

TEST(AppendJsonString, KeepsPlainTextAndWholeCharacters) {
  EXPECT_EQ(Quoted(""), R"("")");
  EXPECT_EQ(Quoted("c1"), R"("c1")");
  EXPECT_EQ(Quoted("Zürich 東京 \U0001F680"), "\"Zürich 東京 \U0001F680\"");
}

TEST(AppendJsonString, EscapesWhatWouldEndTheStringOrTheLine) {
  EXPECT_EQ(Quoted("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(Quoted("a\nb\r\t\x7f"), R"("a\u000ab\u000d\u0009\u007f")");
  EXPECT_EQ(Quoted(std::string_view("a\0b", 3)), R"("a\u0000b")");
}

TEST(AppendJsonString, ReplacesBytesThatAreNoUtf8) {
  for (const auto* text : {"\xff", "\x80", "\xc0", "\xc1", "\xe2", "\xf5"}) {
    SCOPED_TRACE(Quoted(text));
    EXPECT_EQ(Quoted(text), R"("\ufffd")");
  }
  EXPECT_EQ(Quoted("\xc0\xaf"), R"("\ufffd\ufffd")");            // overlong
  EXPECT_EQ(Quoted("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");  // a surrogate
  EXPECT_EQ(Quoted("\xe2\x82z"), R"("\ufffd\ufffdz")");          // cut off
}

TEST(AppendJsonString, MakesEveryPairOfBytesValidJson) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second)};
      boost::system::error_code ec;
      boost::json::parse(Quoted(text), ec);
      ASSERT_FALSE(ec) << first << ' ' << second;
    }
  }
}

TEST(Logger, WritesOneObjectALineWithTimeLevelAndEventFirst) {
  const auto lines = CaptureLines([] {
    Logger logger(Level::kInfo);
    logger.Event(Level::kWarn, "backend.unhealthy",
                 {{"backend", "c1"}, {"failures", 2}, {"load", 1.5}, {"known", true}});
  });
  ASSERT_EQ(lines.size(), 1U);
  const auto& line = lines.front();
  EXPECT_EQ(line.begin()->key(), "time");
  EXPECT_EQ(line.at("time").as_string().size(),
            std::string_view("2026-11-24T08:00:00.123Z").size());
  EXPECT_EQ(line.at("level").as_string(), "warn");
  EXPECT_EQ(line.at("event").as_string(), "backend.unhealthy");
  EXPECT_EQ(line.at("backend").as_string(), "c1");
  EXPECT_EQ(line.at("failures").as_int64(), 2);
  EXPECT_EQ(line.at("load").as_double(), 1.5);
  EXPECT_TRUE(line.at("known").as_bool());
}

TEST(Logger, LeavesOutWhatIsBelowItsLevel) {
  const auto lines = CaptureLines([] {
    Logger logger(Level::kWarn);
    EXPECT_FALSE(logger.Enabled(Level::kInfo));
    logger.Event(Level::kInfo, "left.out");
    logger.Event(Level::kError, "kept");
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines.front().at("event").as_string(), "kept");
}

TEST(Logger, WritesHostileValuesAndNumbersThatJsonLacksAsValidJson) {
  const auto lines = CaptureLines([] {
    Logger logger(Level::kInfo);
    logger.Event(Level::kInfo, "hostile",
                 {{"text", "\"},{\n\xff{}%s{0}"},
                  {"nan", std::nan("")},
                  {"infinite", std::numeric_limits<double>::infinity()}});
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines.front().at("text").as_string(), "\"},{\n\xef\xbf\xbd{}%s{0}");
  EXPECT_TRUE(lines.front().at("nan").is_null());
  EXPECT_TRUE(lines.front().at("infinite").is_null());
}

TEST(Logger, WritesWhatIsQueuedBeforeItEnds) {
  constexpr int kThreads = 4;
  constexpr int kLines = 500;  // all together fit in the queue
  std::uint64_t dropped = 0;
  const auto lines = CaptureLines([&] {
    Logger logger(Level::kInfo);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&logger, thread] {
        for (int i = 0; i < kLines; ++i) {
          logger.Event(Level::kInfo, "line", {{"thread", thread}, {"i", i}});
        }
      });
    }
    for (auto& thread : threads) thread.join();
    dropped = logger.dropped();
  });
  EXPECT_EQ(dropped, 0U);
  EXPECT_EQ(lines.size(), static_cast<std::size_t>(kThreads * kLines));
}

TEST(ParseLevel, KnowsItsNamesAndListsThemOtherwise) {
  EXPECT_EQ(ParseLevel("debug"), Level::kDebug);
  EXPECT_EQ(ParseLevel("info"), Level::kInfo);
  EXPECT_EQ(ParseLevel("warn"), Level::kWarn);
  EXPECT_EQ(ParseLevel("error"), Level::kError);
  const auto refused = ParseLevel("trace");
  EXPECT_EQ(CodeOf(refused), ErrorCode::kInvalidArgument);
  EXPECT_NE(refused.error().message.find("debug, info, warn, error"), std::string::npos);
}

}  // namespace
}  // namespace gateway::telemetry
