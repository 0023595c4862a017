#include "store/purger.h"

#include <chrono>
#include <cstddef>

namespace gateway::store {
namespace {

constexpr std::chrono::minutes kInterval{10};
constexpr std::size_t kBatch = 5'000;
constexpr std::chrono::milliseconds kBetweenBatches{100};

}  // namespace

Purger::Purger(PurgeOptions options, Store& store, const Clock& clock)
    : options_(options), store_(store), clock_(clock), thread_([this] { Run(); }) {}

Purger::~Purger() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

void Purger::Run() {
  do {
    // A database that is away is reported by those who need it at once.
    static_cast<void>(PurgeOnce());
  } while (Pause(kInterval));
}

Expected<void> Purger::PurgeOnce() {
  const auto queries = InBatches(options_.history_days, [this](Clock::WallTime older_than) {
    return store_.PurgeQueries(older_than, kBatch);
  });
  if (!queries || options_.audit_days == 0) return queries;
  return InBatches(options_.audit_days, [this](Clock::WallTime older_than) {
    return store_.PurgeAudit(older_than, kBatch);
  });
}

template <typename PurgeBatch>
Expected<void> Purger::InBatches(unsigned days, PurgeBatch purge) {
  const auto older_than = clock_.WallNow() - std::chrono::days(days);
  while (true) {
    const auto purged = purge(older_than);
    if (!purged) return std::unexpected(purged.error());
    // A full batch: there may be more.
    if (*purged < kBatch || !Pause(kBetweenBatches)) return {};
  }
}

bool Purger::Pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stopping_; });
}

}  // namespace gateway::store
