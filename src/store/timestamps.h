// Times as the database holds them: milliseconds since 1970 UTC. Private to this room.
#pragma once

#include <chrono>

#include "base/clock.h"

namespace gateway::store {

inline long long ToMillis(Clock::WallTime time) {
  using std::chrono::milliseconds;
  return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

inline Clock::WallTime FromMillis(long long millis) {
  return Clock::WallTime(std::chrono::milliseconds(millis));
}

}  // namespace gateway::store
