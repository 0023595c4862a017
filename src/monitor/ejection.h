// What the two ejectors share: who is out until when, how much of each group that is, who is let in
// again, what they tell.
//
// Each ejector counts those that it put out itself. A backend may be in several groups, and each of
// them must be able to spare it. Threads: plain values of one thread.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/function_ref.h"
#include "model/snapshot.h"

namespace gateway::monitor {

struct EjectionChange {
  std::string backend_id;
  std::string reason;  // why it is out from now on; empty: it is out no longer
};

// The `failure_class` of a backend that is out for its latency, or for its errors.
inline constexpr std::string_view kLatencyClass = "latency";
inline constexpr std::string_view kErrorsClass = "errors";

class Shares;

// Who is out by one ejector, and until when.
class TimeOuts {
 public:
  bool Has(std::string_view id) const { return out_.contains(id); }
  // May it get queries, but for this?
  bool WouldBeUp(const model::BackendState& state) const;

  // It is out from now on, and noted in `shares`.
  void Begin(std::string_view id,
             Clock::TimePoint now,
             Clock::TimePoint::duration length,
             Shares& shares);

  // Ends what is to end now, notes it in `shares`, and tells who is let in: whose time is over;
  // whose ejection does not hold any more, as somebody marked or moved it, or as probes found it
  // down and will tell when it is back; and whom a group cannot spare any more, as others went
  // down: who is out longest first. Forgets backends that are not declared any more.
  std::vector<std::string> EndDue(const model::Snapshot& snapshot,
                                  Clock::TimePoint now,
                                  FunctionRef<int(std::string_view id)> percent_of,
                                  Shares& shares);

 private:
  struct TimeOut {
    Clock::TimePoint since;
    Clock::TimePoint until;
  };

  std::map<std::string, TimeOut, std::less<>> out_;
};

// Of each group, the members that would get queries if none was ejected, and those that are out.
// The snapshot must outlive it.
class Shares {
 public:
  Shares(const model::Snapshot& snapshot, const TimeOuts& out);

  // Of any enabled group.
  bool IsMember(std::string_view id) const { return groups_of_.contains(id); }

  // Does every group of `id` keep to the limit, with `more` out? As limits are below 100, that
  // leaves somebody up in each.
  bool Keep(std::string_view id, int percent, std::size_t more = 0) const;

  void NoteOut(std::string_view id);
  // One that is down for another reason is no member any more.
  void NoteIn(std::string_view id, bool is_up);

 private:
  struct Share {
    std::size_t members = 0;
    std::size_t out = 0;
  };

  void Count(const model::GroupState& group, const TimeOuts& out);

  std::vector<Share> shares_;  // of the snapshot's groups
  std::map<std::string_view, std::vector<std::size_t>> groups_of_;
};

// One look at all backends, by the rules of one ejector.
template <typename Rule>
struct EjectionRound {
  const model::Snapshot& snapshot;
  FunctionRef<const Rule&(std::string_view backend_id)> rule_of;
  Clock::TimePoint now;
  Shares shares;
  std::vector<EjectionChange> changes{};
};

}  // namespace gateway::monitor
