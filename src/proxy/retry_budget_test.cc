#include "proxy/retry_budget.h"

#include <chrono>

#include <gtest/gtest.h>

#include "base/fake_clock.h"

namespace gateway::proxy {
namespace {

int TakeAll(RetryBudget& budget) {
  int taken = 0;
  while (budget.Take()) ++taken;
  return taken;
}

TEST(RetryBudget, LetsAQuietGatewayRetry) {
  FakeClock clock;
  RetryBudget budget({.percent = 20, .min_per_second = 10}, clock);
  EXPECT_EQ(TakeAll(budget), 50);
}

TEST(RetryBudget, RefillsWithTimeButSavesLittle) {
  FakeClock clock;
  RetryBudget budget({.percent = 0, .min_per_second = 10}, clock);
  TakeAll(budget);
  clock.Advance(std::chrono::milliseconds(250));
  EXPECT_EQ(TakeAll(budget), 2);
  clock.Advance(std::chrono::hours(1));
  EXPECT_EQ(TakeAll(budget), 50);
}

TEST(RetryBudget, GrowsWithTheSubmissions) {
  FakeClock clock;
  RetryBudget budget({.percent = 50, .min_per_second = 0}, clock);
  EXPECT_FALSE(budget.Take());
  for (int i = 0; i < 10; ++i) budget.Deposit();
  EXPECT_EQ(TakeAll(budget), 5);
  for (int i = 0; i < 100'000; ++i) budget.Deposit();
  EXPECT_EQ(TakeAll(budget), 100);
}

TEST(RetryBudget, CanBeSwitchedOff) {
  FakeClock clock;
  RetryBudget budget({.percent = 0, .min_per_second = 0}, clock);
  budget.Deposit();
  EXPECT_FALSE(budget.Take());
}

}  // namespace
}  // namespace gateway::proxy
