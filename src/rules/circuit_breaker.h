// Leaves a failing service alone for a while, so that nobody waits for what will not come.
//
// Closed, until `failures` calls in a row have failed; then open for a time; then one call is let
// through as a trial, and its result closes or opens it again.
// Threads: not synchronised.
#pragma once

#include <chrono>

#include "base/clock.h"

namespace gateway::rules {

class CircuitBreaker {
 public:
  CircuitBreaker(int failures, std::chrono::milliseconds open_for)
      : allowed_failures_(failures), open_for_(open_for) {}

  // May a call be made? After true, its end must be told.
  bool Allows(Clock::TimePoint now) {
    if (!open_) return true;
    if (trial_ || now < until_) return false;
    trial_ = true;
    return true;
  }

  void Succeeded() {
    open_ = trial_ = false;
    failures_ = 0;
  }

  void Failed(Clock::TimePoint now) {
    ++failures_;
    if (open_ ? !trial_ : failures_ < allowed_failures_) return;
    open_ = true;
    trial_ = false;
    until_ = now + open_for_;
  }

  bool open() const { return open_; }

 private:
  const int allowed_failures_;
  const std::chrono::milliseconds open_for_;
  int failures_ = 0;  // in a row
  bool open_ = false;
  bool trial_ = false;  // the one call of an open breaker is under way
  Clock::TimePoint until_;
};

}  // namespace gateway::rules
