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

TEST_F(LiveQueriesTest, CountsWhatRanBeforeItBeganWhileTheCoordinatorListsIt) {
  const std::string old = "20261123_212752_00000_eif54";
  const std::string foreign = "20261123_213000_00001_eif54";
  EXPECT_FALSE(live.Listed());
  live.KeepOnly({old, foreign}, clock.Now(), "20261123_212800");
  EXPECT_TRUE(live.Listed());
  EXPECT_EQ(Left().queries, 1U);
  clock.Advance(LiveQueries::kLastPages);
  live.KeepOnly({old, foreign}, clock.Now(), "20261123_212800");
  EXPECT_EQ(Left().queries, 1U);
  clock.Advance(LiveQueries::kLastPages);
  live.KeepOnly({foreign}, clock.Now(), "20261123_212800");
  EXPECT_TRUE(Left().Empty());
}

TEST_F(LiveQueriesTest, CountsADirectQueryWhileTheCoordinatorListsIt) {
  EXPECT_FALSE(live.NeedsList(clock.Now()));
  live.SeenDirect("q1", clock.Now());
  for (auto age = 0min; age < 20min; age += 1min) {
    EXPECT_TRUE(live.NeedsList(clock.Now()));
    live.KeepOnly({"q1", "foreign"}, clock.Now());
    EXPECT_EQ(Left().queries, 1U);
    clock.Advance(1min);
  }
  live.KeepOnly({"foreign"}, clock.Now());
  EXPECT_FALSE(live.NeedsList(clock.Now()));
  EXPECT_TRUE(Left().Empty());
}

TEST_F(LiveQueriesTest, CountsADirectQueryForSomeTimeWhereThereIsNoList) {
  live.SeenDirect("q1", clock.Now());
  clock.Advance(LiveQueries::kAbandoned - 1s);
  EXPECT_EQ(Left().queries, 1U);
  clock.Advance(1s);
  EXPECT_TRUE(Left().Empty());
  EXPECT_FALSE(live.NeedsList(clock.Now()));
}

TEST_F(LiveQueriesTest, KeepsWhatTheCoordinatorListsWhenItMakesRoom) {
  live.SeenDirect("long", clock.Now());
  clock.Advance(LiveQueries::kAbandoned);
  live.KeepOnly({"long"}, clock.Now());
  for (int i = 0; i < 2000; ++i) live.Seen("q" + std::to_string(i), clock.Now());
  EXPECT_EQ(Left().queries, 2001U);
}

TEST_F(LiveQueriesTest, CountsATransactionWhileAStatementOfItRuns) {
  live.TransactionSeen("t1", clock.Now());
  live.Seen("q1", clock.Now(), "t1");
  for (auto age = 0min; age < 20min; age += 1min) {
    clock.Advance(1min);
    live.Seen("q1", clock.Now());
  }
  live.Ended("q1");
  EXPECT_EQ(Left(), (DrainState{0, 1, 0, false}));
  // Or its client polls through another instance.
  live.Seen("q2", clock.Now(), "t1");
  for (auto age = 0min; age < 20min; age += 1min) {
    clock.Advance(1min);
    live.KeepOnly({"q2"}, clock.Now());
  }
  live.KeepOnly({}, clock.Now());
  EXPECT_EQ(Left(), (DrainState{0, 1, 0, false}));
  clock.Advance(LiveQueries::kAbandoned);
  EXPECT_TRUE(Left().Empty());
}

TEST_F(LiveQueriesTest, CountsATransactionUntilTheStatementThatEndsIt) {
  live.TransactionSeen("t1", clock.Now());
  live.Seen("q1", clock.Now(), "t1");
  live.Ended("q1");
  EXPECT_EQ(Left(), (DrainState{0, 1, 0, false}));
  live.Seen("commit", clock.Now(), "t1");
  live.TransactionEnded("commit");
  live.Seen("commit", clock.Now());
  EXPECT_EQ(Left(), (DrainState{1, 0, 0, false}));
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
