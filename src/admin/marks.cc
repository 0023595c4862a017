#include "admin/marks.h"

#include <algorithm>
#include <utility>

namespace gateway::admin {

void Marks::Wrote(const std::vector<SaidMark>& marks, std::uint64_t counter) {
  const std::lock_guard lock(mutex_);
  std::vector<const SaidMark*> news;  // several of one change may be about one backend
  for (const auto& mark : marks) {
    const auto known = believed_.find(mark.said.backend_id);
    if (known == believed_.end() || known->second.counter < counter) news.push_back(&mark);
  }
  for (const auto* mark : news) {
    Apply(mark->said, !mark->said.healthy && !mark->said.load);
    believed_.insert_or_assign(mark->said.backend_id, Believed{mark->stored, counter});
  }
}

void Marks::TakeOver(const std::vector<store::BackendMark>& stored, std::uint64_t counter) {
  const std::lock_guard lock(mutex_);
  const bool first = !std::exchange(read_, true);
  const bool overruled =
      first && registry_.marks_hold() == model::Registry::MarksHold::kUntilReport;
  ByBackend taken;
  for (const auto& mark : stored) {
    const auto known = believed_.find(mark.backend_id);
    const bool said_here = known != believed_.end();
    if (said_here && (known->second.mark == mark || known->second.counter > counter)) {
      taken.insert(*known);
    } else if ((overruled && !said_here) || Believe(mark)) {
      taken.emplace(mark.backend_id, Believed{mark, counter});
    }
  }
  KeepOrClear(stored, counter, taken);
  believed_ = std::move(taken);
}

// Of what is not stored: it was written since that was read, or is gone with its backend.
void Marks::KeepOrClear(const std::vector<store::BackendMark>& stored,
                        std::uint64_t counter,
                        ByBackend& taken) {
  for (const auto& [id, known] : believed_) {
    if (std::ranges::find(stored, id, &store::BackendMark::backend_id) != stored.end()) continue;
    if (known.counter > counter) {
      taken.emplace(id, known);
    } else if (known.mark.healthy || known.mark.load) {
      registry_.ClearMarks(id);
    }
  }
}

void Marks::ForgetCounters() {
  const std::lock_guard lock(mutex_);
  for (auto& [id, known] : believed_) known.counter = 0;
}

bool Marks::Believe(const store::BackendMark& mark) {
  const auto found = believed_.find(mark.backend_id);
  const auto* known = found == believed_.end() ? nullptr : &found->second.mark;
  const bool less = known && ((known->healthy && !mark.healthy) || (known->load && !mark.load));
  const bool nothing = !mark.healthy && !mark.load;
  return Apply(mark, less || nothing);
}

bool Marks::Apply(const store::BackendMark& mark, bool clears) {
  const auto& id = mark.backend_id;
  bool there = clears ? registry_.ClearMarks(id) : true;
  if (mark.healthy) there = registry_.MarkHealth(id, *mark.healthy);
  if (mark.load) there = registry_.SetLoad(id, *mark.load);
  return there;
}

}  // namespace gateway::admin
