// The system's clock for tests, which may move it; the wall clock stands still.
#pragma once

#include <chrono>

#include "base/clock.h"

namespace gateway::monitor {

class MovedClock final : public Clock {
 public:
  TimePoint Now() const override { return system_.Now() + steady_offset; }
  WallTime WallNow() const override { return wall; }

  std::chrono::milliseconds steady_offset{0};
  WallTime wall = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + std::chrono::hours(12);

 private:
  SystemClock system_;
};

}  // namespace gateway::monitor
