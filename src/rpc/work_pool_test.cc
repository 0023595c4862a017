#include "rpc/work_pool.h"

#include <latch>

#include <gtest/gtest.h>

namespace gateway::rpc {
namespace {

TEST(WorkPool, BeginsAsManyThreadsAsAreNeeded) {
  constexpr int kThreads = 8;
  std::latch together(kThreads);  // each waits for all
  WorkPool pool(kThreads, kThreads);
  for (int i = 0; i < kThreads; ++i) {
    ASSERT_TRUE(pool.Post([&together] { together.arrive_and_wait(); }));
  }
  together.wait();
}

TEST(WorkPool, RefusesWhatDoesNotFitIntoItsQueue) {
  std::latch begun(1);
  std::latch end(1);
  WorkPool pool(1, 1);
  ASSERT_TRUE(pool.Post([&] {
    begun.count_down();
    end.wait();
  }));
  begun.wait();
  EXPECT_TRUE(pool.Post([] {}));
  EXPECT_FALSE(pool.Post([] {}));
  end.count_down();
}

}  // namespace
}  // namespace gateway::rpc
