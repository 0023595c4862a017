// Keeps this instance in step with the others on the same database.
//
// One thread waits for changes of the configuration and publishes them; another tells the others,
// once a second, how many queries are in flight here, and takes over their numbers, so that load is
// balanced over all instances. While the database is away both try again every second; nothing that
// was published is taken back. Threads: Start() and Stop() from one thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

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
  void ShareLoads();
  Expected<void> ExchangeLoads();
  void Conclude(const Expected<void>& result);
  void Pause(std::chrono::milliseconds time);

  const std::string instance_id_;
  store::Store& store_;
  model::Registry& registry_;
  Publisher& publisher_;
  telemetry::Logger& logger_;
  Clock::WallTime marks_seen_{};  // of the newest mark taken over

  std::atomic<bool> stopping_{false};
  std::atomic<bool> synchronised_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::jthread changes_;
  std::jthread loads_;
};

}  // namespace gateway::admin
