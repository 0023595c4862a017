// Wakes the one coroutine that waits for something which callbacks bring about.
//
// Threads: one event loop only.
#pragma once

#include <functional>
#include <utility>

#include <boost/asio/async_result.hpp>

#include "http/asio.h"

namespace gateway::http {

class Event {
 public:
  // Suspends until Notify(). At most one coroutine may wait at a time.
  Awaitable<void> Wait() {
    return asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
        [this](auto handler) { waiter_ = std::move(handler); }, asio::use_awaitable_t<Executor>{});
  }

  // Resumes the waiting coroutine before it returns; without one it does nothing.
  void Notify() {
    if (waiter_) std::exchange(waiter_, nullptr)();
  }

 private:
  std::move_only_function<void()> waiter_;
};

}  // namespace gateway::http
