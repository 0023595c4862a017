#include "monitor/uptime.h"

#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace gateway::monitor {

using namespace std::chrono_literals;

Uptime::Uptime(std::string_view schedule) {
  if (schedule.empty()) return;
  if (auto cron = Cron::Parse(schedule)) cron_ = std::move(*cron);
}

std::string Uptime::WhyNot(Clock::WallTime time) const {
  const auto minute = std::chrono::floor<std::chrono::minutes>(time);
  for (auto next = minute; next < minute + 24h * 7; next += 1min) {
    if (!Covers(next)) continue;
    const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(next);
    return fmt::format("off schedule until {:%Y-%m-%d %H:%M} UTC",
                       fmt::gmtime(Clock::WallTime::clock::to_time_t(seconds)));
  }
  return "off schedule for the next seven days";
}

}  // namespace gateway::monitor
