#include "proxy/live_tracking.h"

#include <string>

#include <gtest/gtest.h>

#include "base/fake_clock.h"

namespace gateway::proxy {
namespace {

constexpr std::string_view kPoll = "/v1/statement/executing/20261124_120000_00001_eif54/y1/2";
constexpr std::string_view kId = "20261124_120000_00001_eif54";

struct LiveTrackingTest : testing::Test {
  LiveTrackingTest() { backend.counters = std::make_shared<model::BackendCounters>(); }

  void Answered(std::string_view method,
                std::string_view target,
                int status,
                const AnswerFacts& facts = {},
                const std::vector<http::HeaderField>& fields = {},
                std::string_view transaction = "") {
    http::RequestHead head;
    head.method = method;
    head.target = target;
    if (!transaction.empty()) head.fields.push_back({"X-Trino-Transaction-Id", transaction});
    http::ResponseHead answer;
    answer.status = status;
    answer.fields = fields;
    TrackAnswer(ViewRequest(head), answer, facts, backend, clock.Now());
  }
  void Submitted(std::string_view transaction = "") {
    Answered("POST", "/v1/statement", 200, {kId, false}, {}, transaction);
  }
  model::DrainState Left() const { return backend.Left(clock.Now()); }

  FakeClock clock;
  model::BackendState backend;
};

TEST_F(LiveTrackingTest, CountsAQueryUntilItsLastPage) {
  Submitted();
  Answered("GET", kPoll, 200);
  EXPECT_EQ(Left().queries, 1U);
  Answered("GET", kPoll, 200, {"", true});
  EXPECT_TRUE(Left().Empty());
}

TEST_F(LiveTrackingTest, CountsAQueryThatWasSubmittedElsewhereFromItsFirstPoll) {
  Answered("GET", kPoll, 200);
  EXPECT_EQ(Left().queries, 1U);
}

TEST_F(LiveTrackingTest, CountsNoQueryThatEndedWithItsSubmission) {
  Answered("POST", "/v1/statement", 200, {kId, true});
  Answered("POST", "/v1/statement", 401);
  Answered("GET", kPoll, 503);
  Answered("HEAD", kPoll, 200);
  EXPECT_TRUE(Left().Empty());
}

TEST_F(LiveTrackingTest, EndsAQueryThatIsCancelledOrNotKnown) {
  const struct {
    std::string_view method;
    std::string target;
    int status;
    bool ends;
  } cases[] = {
      {"DELETE", std::string(kPoll), 204, true},
      {"DELETE", "/v1/query/" + std::string(kId), 204, true},
      {"GET", std::string(kPoll), 404, true},
      {"DELETE", std::string(kPoll), 500, false},
      {"DELETE", "/v1/statement/executing/partialCancel/" + std::string(kId) + "/0/y1/2", 204,
       false},
      {"GET", std::string(kPoll), 410, false},
      {"GET", "/v1/query/" + std::string(kId), 200, false},
  };
  for (const auto& [method, target, status, ends] : cases) {
    SCOPED_TRACE(std::string(method) + " " + target);
    Submitted();
    Answered(method, target, status);
    EXPECT_EQ(Left().Empty(), ends);
  }
}

TEST_F(LiveTrackingTest, CountsATransactionFromItsStartToItsEnd) {
  const std::string_view transaction = "b1e1f0a2-0000-0000-0000-000000000001";
  Submitted();
  Answered("GET", kPoll, 200, {"", true}, {{"X-Trino-Started-Transaction-Id", transaction}});
  EXPECT_EQ(Left(), (model::DrainState{0, 1, 0, false}));
  Submitted(transaction);
  Answered("GET", kPoll, 200, {"", true}, {{"X-Trino-Clear-Transaction-Id", "true"}});
  EXPECT_TRUE(Left().Empty());
}

TEST_F(LiveTrackingTest, EndsATransactionBeforeTheLastPageOfTheStatementThatEndsIt) {
  const std::string_view transaction = "b1e1f0a2-0000-0000-0000-000000000001";
  Submitted(transaction);
  Answered("GET", kPoll, 200, {}, {{"X-Trino-Clear-Transaction-Id", "true"}});
  Answered("GET", kPoll, 200);
  EXPECT_EQ(Left(), (model::DrainState{1, 0, 0, false}));
}

TEST_F(LiveTrackingTest, LeavesTheEndOfADirectQueryToTheCoordinator) {
  Submitted();
  EXPECT_FALSE(backend.counters->live.NeedsList(clock.Now()));
  Answered("POST", "/v1/statement", 200, {.query_id = kId, .direct = true});
  EXPECT_TRUE(backend.counters->live.NeedsList(clock.Now()));
}

TEST_F(LiveTrackingTest, CountsNoTransactionForNone) {
  Submitted("NONE");
  EXPECT_EQ(Left(), (model::DrainState{1, 0, 0, false}));
}

TEST_F(LiveTrackingTest, NotesSegmentsThatAreFetched) {
  Answered("GET", "/v1/spooled/download/abc=", 404);
  EXPECT_TRUE(Left().Empty());
  Answered("GET", "/v1/spooled/download/abc=", 200);
  EXPECT_TRUE(Left().spooled);
}

}  // namespace
}  // namespace gateway::proxy
