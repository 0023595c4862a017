// Wall clocks of the world: which local minute a moment is.
//
// Threads: immutable values; any thread. Loading reads a file of the system's zone data, so it is
// for the control thread. Source: IANA time zone database through Abseil (libstdc++ 12 has none).
#pragma once

#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace gateway {

// A minute as people write it.
struct LocalMinute {
  int month = 1;    // 1 to 12
  int day = 1;      // of the month, 1 to 31
  int weekday = 0;  // 0: Sunday, 6: Saturday
  int hour = 0;
  int minute = 0;
};

class TimeZone {
 public:
  // UTC, which needs no zone data.
  TimeZone() = default;

  // `name` as in the database: "Europe/Berlin", "UTC".
  // kInvalidArgument: no zone of that name on this machine; the message says so.
  static Expected<TimeZone> Load(std::string_view name);

  LocalMinute At(Clock::WallTime time) const;

 private:
  struct Zone;                        // keeps Abseil out of this header
  std::shared_ptr<const Zone> zone_;  // null: UTC
};

}  // namespace gateway
