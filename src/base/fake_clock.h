// A clock that stands still until a test moves it. For *_test.cc only.
#pragma once

#include "base/clock.h"

namespace gateway {

class FakeClock final : public Clock {
 public:
  TimePoint Now() const override { return now_; }
  WallTime WallNow() const override { return wall_now_; }

  void Advance(std::chrono::nanoseconds step) {
    now_ += std::chrono::duration_cast<TimePoint::duration>(step);
    wall_now_ += std::chrono::duration_cast<WallTime::duration>(step);
  }
  // The time of day alone.
  void SetBack(std::chrono::nanoseconds step) {
    wall_now_ -= std::chrono::duration_cast<WallTime::duration>(step);
  }

 private:
  TimePoint now_{std::chrono::hours(1)};
  WallTime wall_now_{std::chrono::seconds(1'700'000'000)};
};

}  // namespace gateway
