#include "http/single_flight.h"

#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

namespace gateway::http {
namespace {

struct SingleFlightTest : testing::Test {
  static constexpr int kThrown = -1;

  // A call that ends when the test says so.
  Awaitable<int> Work() {
    const int number = ++begun;
    co_await release.Wait();
    if (throws) throw std::runtime_error("out of something");
    co_return number;
  }

  void Ask(std::string key) {
    asio::co_spawn(io, flight.Run(std::move(key), Work()),
                   [this](const std::exception_ptr& failure, int result) {
                     results.push_back(failure ? kThrown : result);
                   });
    io.poll();
    io.restart();
  }

  void Release() {
    asio::post(io, [this] { release.Notify(); });
    io.poll();
    io.restart();
  }

  asio::io_context io{1};
  SingleFlight<int> flight;
  Event release;
  int begun = 0;
  bool throws = false;
  std::vector<int> results;
};

TEST_F(SingleFlightTest, GivesOneAnswerToAllWhoAskMeanwhile) {
  for (int i = 0; i < 5; ++i) Ask("a");
  EXPECT_EQ(begun, 1);
  EXPECT_TRUE(results.empty());
  Release();
  EXPECT_EQ(results, std::vector<int>(5, 1));
}

TEST_F(SingleFlightTest, CallsAgainOnceTheCallHasEnded) {
  Ask("a");
  Release();
  Ask("a");
  Release();
  EXPECT_EQ(results, (std::vector<int>{1, 2}));
}

TEST_F(SingleFlightTest, ThrowsAtAllWhoWaitForACallThatThrows) {
  throws = true;
  for (int i = 0; i < 3; ++i) Ask("a");
  Release();
  EXPECT_EQ(results, std::vector<int>(3, kThrown));
  throws = false;
  Ask("a");
  Release();
  EXPECT_EQ(results.back(), 2) << "it is over, and another one begins";
}

TEST_F(SingleFlightTest, CallsForEachKey) {
  Ask("a");
  // Only one coroutine may wait for the event, so the other key's call ends first.
  Release();
  Ask("b");
  EXPECT_EQ(begun, 2);
  Release();
  EXPECT_EQ(results, (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace gateway::http
