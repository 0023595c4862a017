// What was said of backends by hand, through this instance and others: each of it is believed once,
// and never an older word after a newer one.
//
// A write of this instance is believed when it is stored, and the follower reads it from the
// database a moment later. A probe may have overruled it in between, and another write may have
// come: the counter of the database tells what is newer. Threads: any. Memory: one mark for each
// backend that has one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "model/registry.h"
#include "store/shared_state.h"

namespace gateway::admin {

// One call of Batch::Mark() or Batch::ClearMarks().
struct SaidMark {
  store::BackendMark said;    // what it names; neither health nor load: that all marks are cleared
  store::BackendMark stored;  // with what was said before
};

class Marks {
 public:
  // Must outlive the marks.
  explicit Marks(model::Registry& registry) : registry_(registry) {}

  // This instance stored them, in this order, with the change of that counter.
  void Wrote(const std::vector<SaidMark>& marks, std::uint64_t counter);

  // All that was stored when the counter was that. What differs from what was believed
  // last is believed, so that the clocks of instances may differ, too. A mark of a backend that is
  // not known here waits until it is. Those of the first call were overruled by probes of others
  // before this instance began, unless marks hold until they are cleared.
  void TakeOver(const std::vector<store::BackendMark>& stored, std::uint64_t counter);

  // The database went back, and so did its counter.
  void ForgetCounters();

 private:
  struct Believed {
    store::BackendMark mark;
    std::uint64_t counter;  // that it was read with
  };
  using ByBackend = std::map<std::string, Believed, std::less<>>;

  // These need mutex_. False: there is no such backend. `clears`: marks of before go first.
  bool Believe(const store::BackendMark& mark);
  bool Apply(const store::BackendMark& mark, bool clears);
  void KeepOrClear(const std::vector<store::BackendMark>& stored,
                   std::uint64_t counter,
                   ByBackend& taken);

  model::Registry& registry_;
  std::mutex mutex_;
  ByBackend believed_;
  bool read_ = false;  // was TakeOver() called?
};

}  // namespace gateway::admin
