#include "rpc/drain_waiter.h"

namespace gateway::rpc {
namespace {

constexpr std::chrono::milliseconds kInterval{50};

}  // namespace

std::optional<bool> DrainWaiter::Wait(const std::function<bool()>& empty,
                                      std::chrono::seconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::unique_lock lock(mutex_);
  if (waiting_ >= most_) return std::nullopt;
  ++waiting_;
  bool done = empty();
  while (!done && !stopping_ && std::chrono::steady_clock::now() < deadline) {
    changed_.wait_for(lock, kInterval);
    done = empty();
  }
  --waiting_;
  return done;
}

void DrainWaiter::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

}  // namespace gateway::rpc
