#include "base/time_zone.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <absl/time/civil_time.h>
#include <absl/time/time.h>
#include <fmt/format.h>

namespace gateway {

struct TimeZone::Zone {
  absl::TimeZone zone;
};

namespace {

// The name becomes part of a path, so it must stay below the directory of the zone data. Abseil
// would also take absolute paths and `file:` names.
bool IsZoneName(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '/';
  };
  return !name.empty() && name.size() <= 64 && name.front() != '/' &&
         std::ranges::all_of(name, allowed);
}

}  // namespace

Expected<TimeZone> TimeZone::Load(std::string_view name) {
  if (name == "UTC") return TimeZone();
  auto zone = std::make_shared<Zone>();
  if (!IsZoneName(name) ||
      !absl::LoadTimeZone(absl::string_view(name.data(), name.size()), &zone->zone)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("time zone '{}' is not known here; allowed: names of the time zone "
                            "database such as UTC or Europe/Berlin",
                            name.substr(0, 64)),
                Origin::kClient);
  }
  TimeZone loaded;
  loaded.zone_ = std::move(zone);
  return loaded;
}

LocalMinute TimeZone::At(Clock::WallTime time) const {
  const auto zone = zone_ ? zone_->zone : absl::UTCTimeZone();
  const auto civil = absl::ToCivilSecond(absl::FromChrono(time), zone);
  // Abseil's weeks begin on Monday.
  const auto weekday = (static_cast<int>(absl::GetWeekday(civil)) + 1) % 7;
  return {civil.month(), civil.day(), weekday, civil.hour(), civil.minute()};
}

}  // namespace gateway
