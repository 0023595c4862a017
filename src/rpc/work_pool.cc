#include "rpc/work_pool.h"

#include <system_error>
#include <utility>

namespace gateway::rpc {

WorkPool::WorkPool(std::size_t threads, std::size_t queue_limit)
    : most_threads_(threads), queue_limit_(queue_limit) {
  threads_.emplace_back([this] { Run(); });
}

WorkPool::~WorkPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
}

bool WorkPool::Post(Work work) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= queue_limit_) return false;
    queue_.push_back(std::move(work));
    if (queue_.size() > idle_ && threads_.size() < most_threads_) AddThread();
  }
  changed_.notify_one();
  return true;
}

void WorkPool::AddThread() {
  try {
    threads_.emplace_back([this] { Run(); });
  } catch (const std::system_error&) {
    return;  // the system gives no more threads: those that there are do the work
  }
}

void WorkPool::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    --idle_;
    if (queue_.empty()) return;
    auto work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    work = nullptr;  // what it holds may be large, or may take the lock
    lock.lock();
  }
}

}  // namespace gateway::rpc
