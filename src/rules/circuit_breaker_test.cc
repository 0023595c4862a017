#include "rules/circuit_breaker.h"

#include <gtest/gtest.h>

#include "base/fake_clock.h"

namespace gateway::rules {
namespace {

using namespace std::chrono_literals;

struct CircuitBreakerTest : testing::Test {
  bool Call(bool succeeds) {
    if (!breaker.Allows(clock.Now())) return false;
    succeeds ? breaker.Succeeded() : breaker.Failed(clock.Now());
    return true;
  }
  void Open() {
    for (int i = 0; i < 3; ++i) Call(false);
  }

  FakeClock clock;
  CircuitBreaker breaker{3, 10s};
};

TEST_F(CircuitBreakerTest, OpensAfterFailuresInARow) {
  EXPECT_TRUE(Call(false));
  EXPECT_TRUE(Call(false));
  EXPECT_TRUE(Call(true));
  EXPECT_TRUE(Call(false));
  EXPECT_TRUE(Call(false));
  EXPECT_FALSE(breaker.open());
  EXPECT_TRUE(Call(false));
  EXPECT_TRUE(breaker.open());
  EXPECT_FALSE(Call(true));
}

TEST_F(CircuitBreakerTest, LetsOneTrialThroughAndClosesWhenItSucceeds) {
  Open();
  clock.Advance(10s);
  EXPECT_TRUE(breaker.Allows(clock.Now()));
  EXPECT_FALSE(breaker.Allows(clock.Now()));
  breaker.Succeeded();
  EXPECT_TRUE(Call(true));
}

TEST_F(CircuitBreakerTest, OpensAgainWhenTheTrialFails) {
  Open();
  clock.Advance(10s);
  EXPECT_TRUE(Call(false));
  EXPECT_FALSE(Call(true));
  clock.Advance(9s);
  EXPECT_FALSE(Call(true));
  clock.Advance(1s);
  EXPECT_TRUE(Call(true));
  EXPECT_FALSE(breaker.open());
}

TEST_F(CircuitBreakerTest, IsNotKeptOpenByCallsThatBeganBeforeItOpened) {
  Open();
  clock.Advance(5s);
  breaker.Failed(clock.Now());
  clock.Advance(5s);
  EXPECT_TRUE(Call(true));
}

}  // namespace
}  // namespace gateway::rules
