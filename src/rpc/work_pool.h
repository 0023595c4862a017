// Threads for calls that wait for the database, a directory, or queries to end.
//
// Bounded: what does not fit is refused at once, as waiting in a long queue helps nobody.
// Threads: Post() from any thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace gateway::rpc {

class WorkPool {
 public:
  using Work = std::move_only_function<void()>;

  WorkPool(std::size_t threads, std::size_t queue_limit);
  // Runs what is queued, then ends the threads.
  ~WorkPool();
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  // False: the queue is full and `work` was not taken.
  [[nodiscard]] bool Post(Work work);

 private:
  void Run();

  const std::size_t queue_limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> queue_;  // guarded by mutex_
  bool stopping_ = false;   // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace gateway::rpc
