// Whether a backend is meant to be up now, by its uptime_schedule.
//
// Threads: immutable.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/cron.h"

namespace gateway::monitor {

class Uptime {
 public:
  // Empty, or no cron expression (which is refused where it is written): always up.
  explicit Uptime(std::string_view schedule);

  bool Covers(Clock::WallTime time) const { return !cron_ || cron_->Matches(time); }

  // "off schedule until 2026-11-24 13:00 UTC", at a time that is not covered. Looks a week ahead.
  std::string WhyNot(Clock::WallTime time) const;

 private:
  std::optional<Cron> cron_;
};

}  // namespace gateway::monitor
