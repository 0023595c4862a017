// Takes backends out that answer submissions with errors of the server, or not at all, whatever
// probes find.
//
// A backend is out when `in_row` submissions in a row were answered with 500 or above (but 503,
// which says that it starts or stops) or could not be sent or got no answer. When its time is over
// it is on trial: the next such failure puts it out again, for twice as long, up to ten times; one
// proper answer ends that, whatever comes with it. Who is let in earlier:
// TimeOuts::EndDue(). Threads: one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/function_ref.h"
#include "model/snapshot.h"
#include "monitor/ejection.h"

namespace gateway::monitor {

struct ErrorRule {
  bool enabled = true;
  std::uint64_t in_row = 5;
  std::chrono::milliseconds eject_for{30'000};
  int max_ejected_percent = 50;  // of each group's members that probes find healthy; below 100

  bool operator==(const ErrorRule&) const = default;
};

class ErrorEjector {
 public:
  using RuleOf = FunctionRef<const ErrorRule&(std::string_view backend_id)>;

  using Change = EjectionChange;

  // To be called about once a second with the current snapshot.
  std::vector<Change> Judge(const model::Snapshot& snapshot, RuleOf rule_of, Clock::TimePoint now);

 private:
  using Round = EjectionRound<ErrorRule>;
  struct Record {
    bool on_trial = false;
    int times = 0;              // that it was ejected without a proper answer in between
    std::uint64_t answers = 0;  // proper ones, when it was let in again
    std::optional<Clock::TimePoint> down_since{};
  };
  using Records = std::map<std::string, Record, std::less<>>;

  void LetIn(const std::string& id, Round& round);
  void EjectFailing(Round& round);
  static bool IsUp(const model::BackendState& state, Record& record, Clock::TimePoint now);
  void Eject(const model::BackendState& state, Record& record, Round& round);
  static bool Fails(const model::BackendState& state, const ErrorRule& rule, Record& record);

  Records records_;
  TimeOuts out_;
};

}  // namespace gateway::monitor
