#include "rpc/drain_waiter.h"

#include <atomic>
#include <future>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

namespace gateway::rpc {
namespace {

using namespace std::chrono_literals;

TEST(DrainWaiter, SaysWhenTooManyWait) {
  DrainWaiter waiter(1);
  std::atomic<bool> done = false;
  std::promise<void> begun;
  std::optional<bool> first;
  std::thread other([&] {
    bool asked = false;
    first = waiter.Wait(
        [&] {
          if (!std::exchange(asked, true)) begun.set_value();
          return done.load();
        },
        1h);
  });
  begun.get_future().wait();
  EXPECT_EQ(waiter.Wait([] { return true; }, 1h), std::nullopt);
  done = true;
  other.join();
  EXPECT_EQ(first, true);
  EXPECT_EQ(waiter.Wait([] { return true; }, 1h), true);
}

TEST(DrainWaiter, EndsWaitingWhenItIsStopped) {
  DrainWaiter waiter(1);
  waiter.Stop();
  EXPECT_EQ(waiter.Wait([] { return false; }, 1h), false);
}

}  // namespace
}  // namespace gateway::rpc
