// Deletes what is older than its retention: records of queries and entries of the audit log.
//
// Every ten minutes, in small batches, so that nobody waits long for it. Where several instances
// share a database each of them does so, and finds little to do. While the database is away it
// tries again the next time.
// Threads: PurgeOnce() from any thread; a thread of its own calls it.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "store/store.h"

namespace gateway::store {

struct PurgeOptions {
  unsigned history_days = 7;
  unsigned audit_days = 365;  // 0: for ever
};

class Purger {
 public:
  // Both must outlive the purger; the first purge begins at once.
  Purger(PurgeOptions options, Store& store, const Clock& clock);
  ~Purger();

  // Deletes all that is too old now, or as much until the purger ends. Errors: as Store says.
  [[nodiscard]] Expected<void> PurgeOnce();

 private:
  void Run();
  template <typename PurgeBatch>
  Expected<void> InBatches(unsigned days, PurgeBatch purge);
  // Waits; false: the purger ends.
  bool Pause(std::chrono::milliseconds time);

  const PurgeOptions options_;
  Store& store_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::jthread thread_;
};

}  // namespace gateway::store
