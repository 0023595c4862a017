// Keeps this instance in step with the others on the same database.
//
// One thread waits for changes of the configuration and publishes them; another tells the others,
// once a second, how many queries are in flight here and what is left on backends that get no new
// ones, and takes over their numbers, so that load is balanced, and drains are counted, over all
// instances. While the database is away both try again every second; nothing that
// was published is taken back, but what others have is not known then. Threads: Start() and Stop()
// from one thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "admin/publisher.h"
#include "admin/remote_loads.h"
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

  // Takes over what is stored now: marks before what they are about, so that nobody gets queries
  // that a mark keeps from it. kUnavailable: the database is away. Not while Start() is at work.
  [[nodiscard]] Expected<void> TakeOver();

  void Start();
  // Returns when both threads have ended: within about a second.
  void Stop();

  // Was the database read at least once, and did the last attempt succeed?
  bool synchronised() const { return synchronised_.load(); }

 private:
  void FollowChanges();
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
  std::uint64_t seen_ = 0;  // counter of what was read last
  RemoteLoads remote_;      // of the thread that shares loads

  std::atomic<bool> stopping_{false};
  std::atomic<bool> synchronised_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::jthread changes_;
  std::jthread loads_;
};

}  // namespace gateway::admin
