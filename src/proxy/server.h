// The data path as a whole: listeners, workers, and what they share.
//
// Threads: all calls from the control thread, but for Publish(), which may come from any.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "proxy/worker.h"

namespace gateway::proxy {

class Server {
 public:
  // Everything must outlive the server.
  Server(const ProxyOptions& options,
         const Clock& clock,
         telemetry::Logger& logger,
         telemetry::Metrics& metrics,
         telemetry::AccessLog& access_log,
         Stickiness& stickiness,
         const rules::RuleBook& rule_book,
         ProxySignals signals,
         model::SnapshotPtr snapshot);
  // Stops at once if Stop() has not been called.
  ~Server();

  // Opens the listeners and starts one thread for each worker. Returns the ports, in the order of
  // the listeners. kConflict, kInvalidArgument: an address cannot be used; nothing was started.
  Expected<std::vector<std::uint16_t>> Start();

  void Publish(const model::SnapshotPtr& snapshot);

  // No new connections or requests.
  void BeginStop();
  // Have all exchanges ended?
  bool Stopped() const { return running_.load() == 0; }
  // Ends what is left, and waits for the threads.
  void Finish();

 private:
  const ProxyOptions& options_;
  const ProxySignals signals_;
  const SharedParts shared_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::jthread> threads_;
  std::atomic<int> running_{0};
};

}  // namespace gateway::proxy
