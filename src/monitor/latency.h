// Finds backends that take far longer to answer submissions than those beside them.
//
// Trino answers a submission as soon as it has registered the query, whatever that will cost, so
// the times are comparable. Polls wait for news and are not. The rule is meant to be explained in
// one sentence: a backend is out for `eject_for` when its average over the last `requests`
// submissions is at least `at_least` and at least `times` the median of its peers, the other
// healthy members of one of its groups. Threads: pure functions and plain values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"

namespace gateway::monitor {

struct LatencyRule {
  bool enabled = false;
  std::chrono::milliseconds at_least{1000};
  double times = 3;
  std::uint64_t requests = 20;
  std::chrono::milliseconds window{60'000};  // an older average is unknown
  std::chrono::milliseconds eject_for{30'000};
  int max_ejected_percent = 50;  // of the group's members that probes find healthy

  bool operator==(const LatencyRule&) const = default;
};

// The average of the last `requests` answers of one backend, from counters that only grow.
class AnswerTimes {
 public:
  using Microseconds = std::chrono::microseconds;

  // How the counters stand now.
  void Note(std::uint64_t answers,
            Microseconds total,
            const LatencyRule& rule,
            Clock::TimePoint now);
  // Forgets what was; begins anew with the next Note().
  void Restart() { *this = AnswerTimes(); }

  // Nothing: fewer answers than the rule asks for, or they are too old.
  std::optional<Microseconds> Average(const LatencyRule& rule, Clock::TimePoint now) const;

 private:
  bool begun_ = false;
  std::uint64_t answers_ = 0;  // the counters, where the last average ended
  Microseconds total_{};
  Clock::TimePoint since_{};  // when that was
  std::optional<Microseconds> average_;
};

// A member of a group that probes find healthy and that may get queries.
struct LatencyMember {
  const LatencyRule* rule;
  std::optional<std::chrono::microseconds> average;
  bool ejected = false;
  bool needed = false;  // another of its groups cannot spare it
};

struct SlowMember {
  std::size_t index;   // in the members
  std::string reason;  // for people
};

// Those of a group that are to be ejected now, the slowest first.
std::vector<SlowMember> FindSlow(std::span<const LatencyMember> members);

}  // namespace gateway::monitor
