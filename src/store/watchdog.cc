#include "store/watchdog.h"

#include <sys/socket.h>

namespace gateway::store {

Watchdog::Guard::Guard(Watchdog& watchdog, int socket, std::chrono::milliseconds patience)
    : watchdog_(watchdog), socket_(socket), deadline_(std::chrono::steady_clock::now() + patience) {
  if (socket_ < 0) return;
  const std::lock_guard lock(watchdog_.mutex_);
  // First, as it may throw: what is in the list must have a destructor that takes it out.
  if (!watchdog_.thread_.joinable()) {
    watchdog_.thread_ =
        std::jthread([dog = &watchdog_](const std::stop_token& stop) { dog->Watch(stop); });
  }
  position_ = watchdog_.guards_.insert(watchdog_.guards_.end(), this);
  if (watchdog_.idle_) watchdog_.changed_.notify_one();
}

Watchdog::Guard::~Guard() {
  if (socket_ < 0) return;
  const std::lock_guard lock(watchdog_.mutex_);
  watchdog_.guards_.erase(position_);
}

void Watchdog::Watch(const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kTick{200};
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    idle_ = true;
    changed_.wait(lock, stop, [&] { return !guards_.empty(); });
    idle_ = false;
    const auto now = std::chrono::steady_clock::now();
    for (const auto* guard : guards_) {
      // Not close(): the driver still owns it. Once more does no harm.
      if (guard->deadline_ <= now) ::shutdown(guard->socket_, SHUT_RDWR);
    }
    // Ticks, and not the next deadline: calls are short, and none of them shall wake this thread.
    changed_.wait_for(lock, stop, kTick, [] { return false; });
  }
}

}  // namespace gateway::store
