// Writes what workers learned about coordinators to the store, without ever making them wait.
//
// Threads: Keep() from any thread; the store is written on the keeper's own thread.
// Memory: at most kMaxPending sightings wait; more are dropped and counted in the log: they are
// learned again from the next answer.
#pragma once

#include <atomic>
#include <string_view>

#include <boost/asio/thread_pool.hpp>

#include "proxy/stickiness.h"
#include "store/store.h"
#include "telemetry/logger.h"

namespace gateway::app {

class SuffixKeeper {
 public:
  static constexpr int kMaxPending = 256;

  // Both must outlive the keeper.
  SuffixKeeper(store::Store& store, telemetry::Logger& logger);
  // Writes what is pending, unless the store is not to be had: then each write would wait for it.
  ~SuffixKeeper();

  void Keep(const proxy::Sighting& sighting);

 private:
  void Save(const proxy::Sighting& sighting);

  store::Store& store_;
  telemetry::Logger& logger_;
  std::atomic<int> pending_{0};
  std::atomic<bool> ending_{false};
  bool given_up_ = false;  // of the thread
  boost::asio::thread_pool thread_{1};
};

}  // namespace gateway::app
