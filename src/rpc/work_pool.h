// Threads for calls that wait for the database, for queries to end, or for logins, and for long
// ones.
//
// Bounded: what does not fit is refused at once, as waiting in a long queue helps nobody. Threads
// are begun when they are needed first, and stay. Threads: Post() from any thread.
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

  // At most `threads` of them, which are at least 1.
  WorkPool(std::size_t threads, std::size_t queue_limit);
  // Runs what is queued, then ends the threads.
  ~WorkPool();
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  // False: the queue is full and `work` was not taken. `work` throws nothing: who waits for it
  // would get no answer (see Guarded()).
  [[nodiscard]] bool Post(Work work);

 private:
  void Run();
  void AddThread();

  const std::size_t most_threads_;
  const std::size_t queue_limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> queue_;            // guarded by mutex_
  std::size_t idle_ = 0;              // guarded by mutex_: threads that wait for work
  bool stopping_ = false;             // guarded by mutex_
  std::vector<std::thread> threads_;  // guarded by mutex_
};

// The pools of the servers. Logins have their own: a directory that hangs must not hold up calls
// that need none, nor logins of users of the file. So have lists, which a database that hangs must
// not hold up. All must outlive who uses them.
struct Pools {
  WorkPool& waiting;    // for the database, or for queries to end
  WorkPool& lists;      // never for long: Blocking::kLong
  WorkPool& logins;     // for argon2
  WorkPool& directory;  // for a directory or a provider
};

}  // namespace gateway::rpc
