// Ends calls to a database server that neither answers nor hangs up.
//
// The drivers wait for an answer without a limit of their own. What is not over by its deadline
// gets its socket shut down, so that the driver sees a lost connection.
// Private to this room. Threads: all calls from any thread; one thread of its own, which starts
// with the first guard.
#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <stop_token>
#include <thread>

namespace gateway::store {

class Watchdog {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Watches one call as long as it lives; must end before the socket is closed and before the
  // watchdog does.
  class Guard {
   public:
    // `socket` -1: nothing is watched.
    Guard(Watchdog& watchdog, int socket, std::chrono::milliseconds patience);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    friend class Watchdog;
    Watchdog& watchdog_;
    const int socket_;
    const TimePoint deadline_;
    std::list<const Guard*>::iterator position_;
  };

 private:
  void Watch(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::list<const Guard*> guards_;  // guarded by mutex_
  bool idle_ = false;               // guarded by mutex_: the thread waits for a guard
  std::jthread thread_;             // started under mutex_; ends first
};

}  // namespace gateway::store
