#include "store/watchdog.h"

#include <array>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace gateway::store {
namespace {

using namespace std::chrono_literals;

struct WatchdogTest : testing::Test {
  WatchdogTest() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0); }
  ~WatchdogTest() override {
    for (const int end : ends) ::close(end);
  }

  // Does the end that a driver would read from see its connection closed within `wait`?
  bool Closed(std::chrono::milliseconds wait) const {
    pollfd descriptor{ends[0], POLLIN, 0};
    return ::poll(&descriptor, 1, static_cast<int>(wait.count())) > 0;
  }

  std::array<int, 2> ends{};
  Watchdog watchdog;
};

TEST_F(WatchdogTest, EndsACallThatTakesTooLong) {
  const Watchdog::Guard guard(watchdog, ends[0], 10ms);
  EXPECT_TRUE(Closed(30s));  // only a hang reaches it
}

TEST_F(WatchdogTest, EndsOnlyTheCallThatIsLate) {
  std::array<int, 2> others{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, others.data()), 0);
  {
    const Watchdog::Guard patient(watchdog, ends[0], 1h);
    const Watchdog::Guard late(watchdog, others[0], 0ms);
    char byte = 0;
    EXPECT_EQ(::read(others[0], &byte, 1), 0) << "blocks until the watchdog ends it";
    EXPECT_FALSE(Closed(0ms));
  }
  for (const int end : others) ::close(end);
}

TEST_F(WatchdogTest, LeavesACallAloneThatIsOver) {
  {
    const Watchdog::Guard over(watchdog, ends[0], 0ms);
  }
  std::array<int, 2> others{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, others.data()), 0);
  {
    // Its end tells that the watchdog has looked at everything once more.
    const Watchdog::Guard late(watchdog, others[0], 0ms);
    char byte = 0;
    EXPECT_EQ(::read(others[0], &byte, 1), 0);
  }
  for (const int end : others) ::close(end);
}

TEST_F(WatchdogTest, WatchesNothingWithoutASocket) {
  const Watchdog::Guard guard(watchdog, -1, 0ms);
  EXPECT_FALSE(Closed(0ms));
}

}  // namespace
}  // namespace gateway::store
