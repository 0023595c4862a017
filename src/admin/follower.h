// Keeps this instance in step with the others on the same database.
//
// One thread waits for changes of the configuration and publishes them; another tells the others,
// once a second, how many queries are in flight here and what is left on backends that get no new
// ones, and takes over their numbers, so that load is balanced, and drains are counted, over all
// instances. While the database is away both try again every second; nothing that
// was published is taken back. Threads: Start() and Stop() from one thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "admin/publisher.h"
#include "base/clock.h"
#include "base/error.h"
#include "model/registry.h"
#include "store/store.h"
#include "telemetry/logger.h"

namespace gateway::admin {

class Follower {
 public:
  // `instance_id`: different for each process; empty: there are no others, so loads are not
  // shared. The references must outlive the follower.
  Follower(std::string instance_id,
           const Clock& clock,
           store::Store& store,
           model::Registry& registry,
           Publisher& publisher,
           telemetry::Logger& logger);
  ~Follower();

  void Start();
  // Returns when both threads have ended: within about a second.
  void Stop();

  // Was the database read at least once, and did the last attempt succeed?
  bool synchronised() const { return synchronised_.load(); }

 private:
  void FollowChanges();
  Expected<void> TakeOver();
  void TakeOverMarks(const std::vector<store::BackendMark>& marks);
  void ShareLoads();
  Expected<void> ExchangeLoads();
  void Conclude(const Expected<void>& result);
  void Pause(std::chrono::milliseconds time);

  const std::string instance_id_;
  const Clock& clock_;
  store::Store& store_;
  model::Registry& registry_;
  Publisher& publisher_;
  telemetry::Logger& logger_;
  std::map<std::string, store::BackendMark> marks_;  // as seen last, by backend
  bool marks_known_ = false;                         // were any read yet?

  std::atomic<bool> stopping_{false};
  std::atomic<bool> synchronised_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::jthread changes_;
  std::jthread loads_;
};

}  // namespace gateway::admin
