// The last changes of each backend's state, for people who ask what happened.
//
// Threads: not synchronised. Memory: kMaxChanges for each declared backend.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/snapshot.h"

namespace gateway::model {

struct HealthChange {
  Clock::WallTime at;
  std::string from;    // BackendState::StateName()
  std::string to;      // the same
  std::string reason;  // why; empty for healthy ones

  bool operator==(const HealthChange&) const = default;
};

class HealthHistory {
 public:
  static constexpr std::size_t kMaxChanges = 100;

  // Notes what has changed since the last call. Backends that are not in `backends` are forgotten.
  template <typename Backends>
  void Follow(const Backends& backends, Clock::WallTime now) {
    std::map<std::string, Record, std::less<>> records;
    for (const auto& state : backends) {
      auto node = records_.extract(state->backend.id);
      if (node.empty()) {
        records[state->backend.id].state = state->StateName();
        continue;
      }
      Note(node.mapped(), *state, now);
      records.insert(std::move(node));
    }
    records_ = std::move(records);
  }

  // Oldest first; none for an unknown id.
  std::vector<HealthChange> Of(std::string_view backend_id) const;

 private:
  struct Record {
    std::string_view state;  // static storage
    std::deque<HealthChange> changes;
  };

  static void Note(Record& record, const BackendState& state, Clock::WallTime now);

  std::map<std::string, Record, std::less<>> records_;
};

}  // namespace gateway::model
