// The last changes of a backend's state, for people who ask what happened.
//
// Threads: not synchronised. Memory: kMaxChanges.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/snapshot.h"

namespace gateway::model {

struct HealthChange {
  Clock::WallTime at;
  std::string from;          // BackendState::StateName()
  std::string to;            // the same
  std::string reason;        // why; empty for healthy ones
  Clock::TimePoint since{};  // the same as `at`, for durations: nobody can set this clock

  bool operator==(const HealthChange&) const = default;
};

class HealthHistory {
 public:
  static constexpr std::size_t kMaxChanges = 100;

  // Notes a change, if it is one of the state.
  void Note(const BackendState& before, const BackendState& after, const Clock& clock) {
    if (before.StateName() == after.StateName()) return;
    changes_.push_back({clock.WallNow(), std::string(before.StateName()),
                        std::string(after.StateName()), std::string(after.IneligibleReason()),
                        clock.Now()});
    if (changes_.size() > kMaxChanges) changes_.pop_front();
  }

  // Oldest first.
  std::vector<HealthChange> All() const { return {changes_.begin(), changes_.end()}; }

 private:
  std::deque<HealthChange> changes_;
};

}  // namespace gateway::model
