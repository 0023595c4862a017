#include "model/live_queries.h"

#include <gtest/gtest.h>

#include "base/fake_clock.h"

namespace gateway::model {
namespace {

using namespace std::chrono_literals;

struct LiveQueriesTest : testing::Test {
  DrainState Left() const { return live.Left(clock.Now()); }

  FakeClock clock;
  LiveQueries live;
};

TEST_F(LiveQueriesTest, CountsAQueryFromItsSubmissionToItsEnd) {
  EXPECT_TRUE(Left().Empty());
  live.Seen("q1", clock.Now());
  live.Seen("q2", clock.Now());
  live.Seen("q1", clock.Now());
  EXPECT_EQ(Left().queries, 2U);
  live.Ended("q1");
  live.Ended("unknown");
  EXPECT_EQ(Left().queries, 1U);
  live.Ended("q2");
  EXPECT_TRUE(Left().Empty());
}

TEST_F(LiveQueriesTest, IgnoresRequestsThatNameNoQuery) {
  live.Seen("", clock.Now());
  EXPECT_TRUE(Left().Empty());
}

TEST_F(LiveQueriesTest, ForgetsAQueryThatTrinoHasAbandoned) {
  live.Seen("q1", clock.Now());
  clock.Advance(LiveQueries::kAbandoned - 1s);
  EXPECT_EQ(Left().queries, 1U);
  live.Seen("q1", clock.Now());
  clock.Advance(LiveQueries::kAbandoned - 1s);
  EXPECT_EQ(Left().queries, 1U);
  clock.Advance(1s);
  EXPECT_TRUE(Left().Empty());
}

TEST_F(LiveQueriesTest, BelievesTheCoordinatorOnceNobodyAsksForLastPages) {
  live.Seen("q1", clock.Now());
  live.Seen("q2", clock.Now());
  live.KeepOnly({"q1"}, clock.Now());
  EXPECT_EQ(Left().queries, 2U);
  clock.Advance(LiveQueries::kLastPages);
  live.KeepOnly({"q1"}, clock.Now());
  EXPECT_EQ(Left().queries, 1U);
  live.KeepOnly({}, clock.Now());
  EXPECT_TRUE(Left().Empty());
}

TEST_F(LiveQueriesTest, CountsATransactionUntilTheStatementThatEndsIt) {
  live.TransactionSeen("t1", clock.Now());
  live.Seen("q1", clock.Now(), "t1");
  live.Ended("q1");
  EXPECT_EQ(Left(), (DrainState{0, 1, 0, false}));
  live.Seen("commit", clock.Now(), "t1");
  live.TransactionEnded("commit");
  live.Ended("commit");
  EXPECT_TRUE(Left().Empty());
}

TEST_F(LiveQueriesTest, EndsNoTransactionForAQueryThatHadNone) {
  live.TransactionSeen("t1", clock.Now());
  live.Seen("q1", clock.Now());
  live.TransactionEnded("q1");
  live.TransactionEnded("unknown");
  EXPECT_EQ(Left().transactions, 1U);
}

TEST_F(LiveQueriesTest, ForgetsATransactionThatTrinoHasAbandoned) {
  live.TransactionSeen("t1", clock.Now());
  clock.Advance(LiveQueries::kAbandoned);
  EXPECT_TRUE(Left().Empty());
}

TEST_F(LiveQueriesTest, WaitsForSpooledResultsToBeFetched) {
  live.SegmentSeen(clock.Now());
  EXPECT_TRUE(Left().spooled);
  clock.Advance(LiveQueries::kSegments);
  EXPECT_TRUE(Left().Empty());
}

TEST_F(LiveQueriesTest, IsBoundedAndFindsRoomAgain) {
  for (std::size_t i = 0; i < LiveQueries::kMaxQueries + 10; ++i) {
    live.Seen("q" + std::to_string(i), clock.Now());
  }
  EXPECT_EQ(Left().queries, LiveQueries::kMaxQueries);
  clock.Advance(LiveQueries::kAbandoned);
  for (int i = 0; i < 10; ++i) live.Seen("new" + std::to_string(i), clock.Now());
  EXPECT_EQ(Left().queries, 10U);
}

}  // namespace
}  // namespace gateway::model
