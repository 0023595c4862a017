// Time as a dependency, so that tests decide what time it is.
//
// Threads: Now() and WallNow() may be called from any thread.
#pragma once

#include <chrono>

namespace gateway {

class Clock {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using WallTime = std::chrono::system_clock::time_point;

  virtual ~Clock() = default;

  // For intervals and deadlines: never goes back.
  virtual TimePoint Now() const = 0;

  // For people: logs, database rows.
  virtual WallTime WallNow() const = 0;
};

class SystemClock final : public Clock {
 public:
  TimePoint Now() const override { return std::chrono::steady_clock::now(); }
  WallTime WallNow() const override { return std::chrono::system_clock::now(); }
};

}  // namespace gateway
