// Takes backends that answer slowly out for a while.
//
// It compares how long the members of each group took to answer submissions (`latency.h`), from the
// counters that the data path keeps, and remembers who is out until when. When that is over, a
// backend is judged by new answers only. Who is let in earlier: TimeOuts::EndDue(). Threads: one
// thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/function_ref.h"
#include "model/snapshot.h"
#include "monitor/ejection.h"
#include "monitor/latency.h"

namespace gateway::monitor {

class Ejector {
 public:
  using RuleOf = FunctionRef<const LatencyRule&(std::string_view backend_id)>;

  using Change = EjectionChange;

  // To be called about once a second with the current snapshot.
  std::vector<Change> Judge(const model::Snapshot& snapshot, RuleOf rule_of, Clock::TimePoint now);

 private:
  using Round = EjectionRound<LatencyRule>;

  void Note(const Round& round);
  void JudgeGroup(const model::GroupState& group, Round& round);

  std::map<std::string, AnswerTimes, std::less<>> times_;  // of the backends of the last snapshot
  TimeOuts out_;
};

}  // namespace gateway::monitor
