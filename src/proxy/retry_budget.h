// Keeps retries from making an outage worse: they may be a share of the submissions, and a few a
// second besides, so that a quiet gateway can always save a query.
//
// Threads: belongs to one worker.
#pragma once

#include "base/clock.h"

namespace gateway::proxy {

struct RetryOptions {
  unsigned percent = 20;         // retries for 100 submissions
  unsigned min_per_second = 10;  // that each worker may make besides, whatever the load

  bool operator==(const RetryOptions&) const = default;
};

class RetryBudget {
 public:
  // `clock` must outlive the budget.
  RetryBudget(RetryOptions options, const Clock& clock);

  // A submission came in.
  void Deposit();
  // Takes one retry from the budget; false: it is used up.
  bool Take();

 private:
  void Refill();

  const RetryOptions options_;
  const Clock& clock_;
  double earned_ = 0;  // by submissions
  double reserve_;     // by time
  Clock::TimePoint filled_;
};

}  // namespace gateway::proxy
