// How many statements a backend had been sent at some time of the last minutes: for loads that
// another instance measured.
//
// Threads: not synchronised. Memory: kMaxNotes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "base/clock.h"

namespace gateway::monitor {

class SubmissionLog {
 public:
  static constexpr std::size_t kMaxNotes = 128;

  // `submissions` so far, at `now`, which never goes back.
  void Note(Clock::TimePoint now, std::uint64_t submissions) {
    if (!notes_.empty() && notes_.back().submissions == submissions) return;
    notes_.push_back({now, submissions});
    if (notes_.size() > kMaxNotes) notes_.pop_front();
  }

  // What was noted last at or before `time`, so that none that came after it is in it; the first
  // note when `time` is before all of them, 0 when there are none.
  std::uint64_t At(Clock::TimePoint time) const {
    if (notes_.empty()) return 0;
    const auto after = std::ranges::upper_bound(notes_, time, {}, &Entry::at);
    return after == notes_.begin() ? after->submissions : std::prev(after)->submissions;
  }

 private:
  struct Entry {
    Clock::TimePoint at;
    std::uint64_t submissions;
  };

  std::deque<Entry> notes_;
};

}  // namespace gateway::monitor
