#include "identity/login_throttle.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/fake_clock.h"

namespace gateway::identity {
namespace {

using namespace std::chrono_literals;

struct LoginThrottleTest : testing::Test {
  void FailTimes(int times, std::string_view user = "ann", std::string_view client = "10.0.0.1") {
    for (int i = 0; i < times; ++i) throttle.Failed(user, client);
  }

  FakeClock clock;
  LoginThrottle throttle{clock};
};

TEST_F(LoginThrottleTest, LetsAFewMistakesPass) {
  FailTimes(LoginThrottle::kFreeFailures - 1);
  EXPECT_EQ(throttle.WaitFor("ann", "10.0.0.1"), 0ms);
}

TEST_F(LoginThrottleTest, MakesTheClientWaitTwiceAsLongEachTimeUpToAMinute) {
  FailTimes(LoginThrottle::kFreeFailures - 1);
  for (const auto expected : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    EXPECT_EQ(throttle.Failed("ann", "10.0.0.1"), expected);
    EXPECT_EQ(throttle.WaitFor("ann", "10.0.0.1"), expected);
    clock.Advance(expected - 1ms);
    EXPECT_EQ(throttle.WaitFor("ann", "10.0.0.1"), 1ms);
    clock.Advance(1ms);
    EXPECT_EQ(throttle.WaitFor("ann", "10.0.0.1"), 0ms);
  }
}

TEST_F(LoginThrottleTest, HindersNeitherTheUserElsewhereNorOthersAtTheClient) {
  FailTimes(20);
  EXPECT_GT(throttle.WaitFor("ann", "10.0.0.1"), 0ms);
  EXPECT_EQ(throttle.WaitFor("ann", "10.0.0.2"), 0ms);
  EXPECT_EQ(throttle.WaitFor("bob", "10.0.0.1"), 0ms);
}

TEST_F(LoginThrottleTest, ForgetsFailuresAfterASuccessAndAfterAWhile) {
  FailTimes(20);
  throttle.Succeeded("ann", "10.0.0.1");
  EXPECT_EQ(throttle.Failed("ann", "10.0.0.1"), 0ms);
  FailTimes(20);
  clock.Advance(LoginThrottle::kForgottenAfter + 1s);
  EXPECT_EQ(throttle.Failed("ann", "10.0.0.1"), 0ms);
}

TEST_F(LoginThrottleTest, KeepsABoundedNumberAndDropsTheOldestFirst) {
  FailTimes(20, "first");
  clock.Advance(1ms);
  FailTimes(20, "second");
  for (std::size_t i = 0; i < LoginThrottle::kMaxEntries - 1; ++i) {
    clock.Advance(1us);
    throttle.Failed(fmt::format("user{}", i), "10.0.0.1");
  }
  EXPECT_EQ(throttle.WaitFor("first", "10.0.0.1"), 0ms);
  EXPECT_GT(throttle.WaitFor("second", "10.0.0.1"), 0ms);
}

}  // namespace
}  // namespace gateway::identity
