// Agrees with the other instances on who does the expensive steps of probes, and brings what the
// leader found to the others.
//
// The lease is for half an interval of probes and renewed four times in it; a new leader probes at
// once, so that results are never older than two intervals. While the database is away nobody
// leads: each instance probes for itself then. Threads: Start() and Stop() from one thread; a
// thread of its own asks the database.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "model/shared_probes.h"
#include "store/store.h"
#include "telemetry/logger.h"

namespace gateway::admin {

class ProbeSharer {
 public:
  // `instance_id`: different for each process. `interval`: of probes. The references must outlive
  // the sharer.
  ProbeSharer(std::string instance_id,
              std::chrono::milliseconds interval,
              const Clock& clock,
              store::Store& store,
              model::SharedProbes& shared,
              telemetry::Logger& logger);
  ~ProbeSharer();

  // What others found is known when it returns, if the database answers.
  void Start();
  // Gives the lease back, so that another instance takes over at once. Can be called again.
  void Stop();

  // One exchange with the database; Start() sees to it that this is done again and again.
  // kUnavailable: as Store says.
  [[nodiscard]] Expected<void> Exchange();

 private:
  void Run();
  Expected<void> Lead(Clock::TimePoint until);
  Expected<void> Follow();
  // As of the last exchange; alone: the database is away.
  enum class Part : std::uint8_t { kAlone, kLeads, kFollows };
  void Announce(Part part);

  const std::string instance_id_;
  const std::chrono::milliseconds term_;
  const std::chrono::milliseconds pause_;
  const Clock& clock_;
  store::Store& store_;
  model::SharedProbes& shared_;
  telemetry::Logger& logger_;
  Part part_ = Part::kAlone;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::jthread thread_;
};

}  // namespace gateway::admin
