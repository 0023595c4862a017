// Takes backends that answer slowly out for a while.
//
// It compares how long the members of each group took to answer submissions (`latency.h`), from the
// counters that the data path keeps, and remembers who is out until when. When that is over, a
// backend is judged by new answers only. Threads: one thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/function_ref.h"
#include "model/snapshot.h"
#include "monitor/latency.h"

namespace gateway::monitor {

class Ejector {
 public:
  using RuleOf = FunctionRef<const LatencyRule&(std::string_view backend_id)>;

  struct Change {
    std::string backend_id;
    std::string reason;  // why it is out from now on; empty: its time is over
  };

  // To be called about once a second with the current snapshot.
  std::vector<Change> Judge(const model::Snapshot& snapshot, RuleOf rule_of, Clock::TimePoint now);

 private:
  struct Record {
    AnswerTimes times;
    bool ejected = false;
    Clock::TimePoint until{};
  };

  void Note(const model::Snapshot& snapshot, RuleOf rule_of, Clock::TimePoint now);
  void Readmit(Clock::TimePoint now, std::vector<Change>& changes);
  void JudgeGroup(const model::GroupState& group,
                  RuleOf rule_of,
                  Clock::TimePoint now,
                  std::vector<Change>& changes);

  std::map<std::string, Record, std::less<>> records_;  // of the backends of the last snapshot
};

}  // namespace gateway::monitor
