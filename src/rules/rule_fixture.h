// Rules and time as tests of this room need them. For *_test.cc only.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "base/clock.h"
#include "rules/rule_book.h"

namespace gateway::rules {

// As if read from the file `<id>.lua`.
inline Rule MakeRule(std::string id, std::string source, int priority = 0) {
  Rule rule;
  rule.file = id + ".lua";
  rule.id = std::move(id);
  rule.source = std::move(source);
  rule.priority = priority;
  return rule;
}

// Moves on by `step` whenever somebody looks at it.
class RunningClock final : public Clock {
 public:
  explicit RunningClock(std::chrono::microseconds step) : step_(step) {}

  TimePoint Now() const override { return now_ += step_; }
  WallTime WallNow() const override { return {}; }

 private:
  const std::chrono::microseconds step_;
  mutable TimePoint now_{std::chrono::hours(1)};
};

}  // namespace gateway::rules
