#include "proxy/retry_budget.h"

#include <algorithm>
#include <chrono>

namespace gateway::proxy {
namespace {

// How much may be saved up: more would let a long quiet time pay for a storm.
constexpr double kReserveSeconds = 5;
constexpr double kMaxEarned = 100;

}  // namespace

RetryBudget::RetryBudget(RetryOptions options, const Clock& clock)
    : options_(options),
      clock_(clock),
      reserve_(options.min_per_second * kReserveSeconds),
      filled_(clock.Now()) {}

void RetryBudget::Deposit() { earned_ = std::min(earned_ + options_.percent / 100.0, kMaxEarned); }

bool RetryBudget::Take() {
  Refill();
  for (auto* source : {&earned_, &reserve_}) {
    if (*source < 1) continue;
    *source -= 1;
    return true;
  }
  return false;
}

void RetryBudget::Refill() {
  const auto now = clock_.Now();
  const auto seconds = std::chrono::duration<double>(now - filled_).count();
  filled_ = now;
  reserve_ = std::min(reserve_ + seconds * options_.min_per_second,
                      options_.min_per_second * kReserveSeconds);
}

}  // namespace gateway::proxy
