#include "monitor/latency.h"

#include <gtest/gtest.h>

#include "base/fake_clock.h"

namespace gateway::monitor {
namespace {

using namespace std::chrono_literals;

constexpr LatencyRule kRule{.enabled = true, .at_least = 1000ms, .times = 3, .requests = 10};

struct AnswerTimesTest : testing::Test {
  void Note(std::uint64_t answers, std::chrono::microseconds total) {
    times.Note(answers, total, kRule, clock.Now());
  }
  auto Average() const { return times.Average(kRule, clock.Now()); }

  FakeClock clock;
  AnswerTimes times;
};

TEST_F(AnswerTimesTest, AveragesTheLastAnswersOnceThereAreEnough) {
  Note(1000, 5000s);  // before anybody looked
  EXPECT_EQ(Average(), std::nullopt);
  Note(1009, 5018s);
  EXPECT_EQ(Average(), std::nullopt) << "nine are too few";
  Note(1010, 5020s);
  EXPECT_EQ(Average(), 2s);
  Note(1015, 5021s);
  EXPECT_EQ(Average(), 2s) << "the next ten are not complete";
  Note(1030, 5022s);
  EXPECT_EQ(Average(), 100ms) << "twenty came at once";
}

TEST_F(AnswerTimesTest, ForgetsAnAverageThatIsOlderThanTheWindow) {
  Note(0, 0s);
  Note(10, 20s);
  clock.Advance(kRule.window);
  EXPECT_EQ(Average(), 2s);
  clock.Advance(1ms);
  EXPECT_EQ(Average(), std::nullopt);
}

TEST_F(AnswerTimesTest, MixesNoAnswersThatLieFurtherApartThanTheWindow) {
  Note(0, 0s);
  Note(9, 90s);
  clock.Advance(kRule.window + 1ms);
  Note(9, 90s);
  Note(18, 91s);
  EXPECT_EQ(Average(), std::nullopt);
  Note(19, 92s);
  EXPECT_EQ(Average(), 200ms);
}

TEST_F(AnswerTimesTest, BeginsAnewAfterARestart) {
  Note(0, 0s);
  Note(10, 20s);
  times.Restart();
  EXPECT_EQ(Average(), std::nullopt);
  Note(20, 40s);
  EXPECT_EQ(Average(), std::nullopt);
}

std::vector<std::size_t> Slow(const std::vector<LatencyMember>& members) {
  std::vector<std::size_t> indices;
  for (const auto& one : FindSlow(members)) indices.push_back(one.index);
  return indices;
}

TEST(FindSlow, ComparesEachMemberWithTheMedianOfItsPeers) {
  const LatencyRule off;
  const auto member = [](std::optional<std::chrono::microseconds> average) {
    return LatencyMember{&kRule, average};
  };
  const struct {
    std::string_view what;
    std::vector<LatencyMember> members;
    std::vector<std::size_t> slow;
  } cases[] = {
      {"nobody", {}, {}},
      {"alone", {member(9s)}, {}},
      {"slow and three times its peer", {member(1500ms), member(500ms)}, {0}},
      {"not three times its peer", {member(1499ms), member(500ms)}, {}},
      {"below the least time", {member(999ms), member(1ms)}, {}},
      {"all are slow", {member(5s), member(5s), member(6s)}, {}},
      {"a peer without traffic counts for nothing", {member(9s), member(std::nullopt)}, {}},
      {"the median and not the average", {member(4s), member(1s), member(1s), member(90s)}, {3, 0}},
      {"the slowest first, and half of them at most",
       {member(3s), member(4s), member(5s), member(1ms), member(1ms), member(1ms), member(1ms)},
       {2, 1, 0}},
      {"no more than half", {member(3s), member(5s), member(1ms), member(1ms)}, {1, 0}},
      {"of three, one", {member(3s), member(5s), member(1ms)}, {1}},
      {"one is out already", {member(3s), {&kRule, 5s, true}, member(1ms)}, {}},
      {"an ejected one is no peer", {member(3s), {&kRule, 1ms, true}, member(2s), member(2s)}, {}},
      {"switched off", {{&off, 9s}, member(1ms)}, {}},
      {"switched off for the peer alone", {member(9s), {&off, 1ms}}, {0}},
  };
  for (const auto& [what, members, slow] : cases) {
    SCOPED_TRACE(what);
    EXPECT_EQ(Slow(members), slow);
  }
}

TEST(FindSlow, SaysWhy) {
  const std::vector<LatencyMember> members{{&kRule, 2300ms}, {&kRule, 280ms}};
  ASSERT_EQ(FindSlow(members).size(), 1U);
  EXPECT_EQ(FindSlow(members)[0].reason,
            "slow: 2300 ms on average until a submission is answered, 8.2 times the 280.0 ms that "
            "is the median of its peers");
}

}  // namespace
}  // namespace gateway::monitor
