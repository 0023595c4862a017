// Waits until a backend is empty, on the thread of the call that asked for it.
//
// Few may wait at a time, so that enough threads are left for other calls.
// Threads: all calls from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>

namespace gateway::rpc {

class DrainWaiter {
 public:
  explicit DrainWaiter(std::size_t most) : most_(most) {}

  // Asks `empty` now and then, until it says yes, the timeout is over, or Stop() is called. Returns
  // its last answer; nothing, at once and without asking, when too many wait already.
  std::optional<bool> Wait(const std::function<bool()>& empty, std::chrono::seconds timeout);

  // Ends all waiting, now and later.
  void Stop();

 private:
  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t waiting_ = 0;  // guarded by mutex_
  bool stopping_ = false;    // guarded by mutex_
};

}  // namespace gateway::rpc
