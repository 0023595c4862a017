#include "http/deadlines.h"

#include <gtest/gtest.h>

#include "base/fake_clock.h"

namespace gateway::http {
namespace {

using namespace std::chrono_literals;

struct Alarm final : Expiring {
  using Expiring::Expiring;
  void Expire() override { ++rung; }
  int rung = 0;
};

struct DeadlinesTest : testing::Test {
  FakeClock clock;
  asio::io_context io{1};
  Deadlines deadlines{io, clock};
};

TEST_F(DeadlinesTest, EndWhatIsOverOnce) {
  Alarm soon(deadlines);
  Alarm late(deadlines);
  const Alarm never(deadlines);
  soon.SetDeadline(clock.Now() + 1s);
  late.SetDeadline(clock.Now() + 3s);
  deadlines.Sweep();
  EXPECT_EQ(soon.rung, 0);
  clock.Advance(2s);
  deadlines.Sweep();
  deadlines.Sweep();
  EXPECT_EQ(soon.rung, 1);
  EXPECT_EQ(late.rung, 0);
  EXPECT_EQ(never.rung, 0);
}

TEST_F(DeadlinesTest, EndEverythingThatHasOneForStopping) {
  Alarm late(deadlines);
  const Alarm never(deadlines);
  late.SetDeadline(clock.Now() + 1h);
  EXPECT_FALSE(deadlines.all_over());
  deadlines.ExpireAll();
  EXPECT_TRUE(deadlines.all_over());
  EXPECT_EQ(late.rung, 1);
  EXPECT_EQ(never.rung, 0);
}

TEST_F(DeadlinesTest, EndWithTheNextSweepWhatIsSetWhileStopping) {
  deadlines.ExpireAll();
  Alarm late(deadlines);
  const Alarm never(deadlines);
  late.SetDeadline(clock.Now() + 1h);
  EXPECT_EQ(late.rung, 0);
  deadlines.Sweep();
  EXPECT_EQ(late.rung, 1);
  EXPECT_EQ(never.rung, 0);
}

}  // namespace
}  // namespace gateway::http
