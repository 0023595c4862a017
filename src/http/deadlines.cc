#include "http/deadlines.h"

namespace gateway::http {

namespace {
constexpr std::chrono::milliseconds kSweepInterval{100};
}

Expiring::Expiring(Deadlines& deadlines)
    : deadlines_(deadlines), index_(deadlines.entries_.size()) {
  deadlines_.entries_.push_back(this);
}

Expiring::~Expiring() {
  auto& entries = deadlines_.entries_;
  entries[index_] = entries.back();
  entries[index_]->index_ = index_;
  entries.pop_back();
}

Awaitable<void> Deadlines::Run() {
  while (!stopped_) {
    timer_.expires_after(kSweepInterval);
    co_await timer_.async_wait(kTuple);
    Sweep();
  }
}

void Deadlines::Stop() {
  stopped_ = true;
  timer_.cancel();
}

void Deadlines::Sweep() {
  // Whatever has a deadline at all: ClearDeadline() makes it the latest time that there is.
  constexpr auto kAny = Clock::TimePoint::max() - std::chrono::nanoseconds(1);
  ExpireUntil(all_over_ ? kAny : clock_.Now());
}

void Deadlines::ExpireAll() {
  all_over_ = true;  // first: who is woken may look
  Sweep();
}

void Deadlines::ExpireUntil(Clock::TimePoint time) {
  // From the end: Expire() may destroy its object, and the last entry then takes its place, which
  // has been looked at already.
  for (std::size_t i = entries_.size(); i-- > 0;) {
    if (i >= entries_.size()) continue;
    auto* entry = entries_[i];
    if (entry->deadline_ > time) continue;
    entry->ClearDeadline();
    entry->Expire();
  }
}

}  // namespace gateway::http
