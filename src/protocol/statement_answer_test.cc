#include "protocol/statement_answer.h"

#include <string>

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway::protocol {
namespace {

// As a Trino 476 coordinator answers a POST, with most of stats left out.
const std::string kQueued =
    R"({"id":"20261123_204405_00014_9chqv","infoUri":"http://gw:8080/ui/query.html?20261123_204405_00014_9chqv",)"
    R"("nextUri":"http://gw:8080/v1/statement/queued/20261123_204405_00014_9chqv/y18/1",)"
    R"("stats":{"state":"QUEUED","queued":true,"rootStage":{"a":[1,-2.5e3,null]}},"warnings":[]})";

TEST(ScanStatementAnswer, FindsIdAndUris) {
  const auto answer = ScanStatementAnswer(kQueued);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->id, "20261123_204405_00014_9chqv");
  EXPECT_EQ(answer->info_uri, "http://gw:8080/ui/query.html?20261123_204405_00014_9chqv");
  EXPECT_EQ(answer->next_uri,
            "http://gw:8080/v1/statement/queued/20261123_204405_00014_9chqv/y18/1");
  EXPECT_EQ(answer->partial_cancel_uri, "");
  EXPECT_FALSE(answer->has_error);
}

TEST(ScanStatementAnswer, TakesATextThatEndsAnywhere) {
  for (std::size_t size = 1; size < kQueued.size(); ++size) {
    SCOPED_TRACE(size);
    const auto answer = ScanStatementAnswer(std::string_view(kQueued).substr(0, size));
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->id.empty() || answer->id == "20261123_204405_00014_9chqv");
  }
}

TEST(ScanStatementAnswer, SeesAnErrorObject) {
  const auto answer =
      ScanStatementAnswer(R"({"id":"a","error":{"message":"no \"such\" table"},"warnings":[]})");
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->has_error);
}

TEST(ScanStatementAnswer, StopsAtTheRows) {
  const auto answer = ScanStatementAnswer(R"({"id":"a","data":[[this is not looked at)");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->id, "a");
}

TEST(ScanStatementAnswer, LooksAtTopLevelMembersOnly) {
  const auto answer = ScanStatementAnswer(R"({"stats":{"id":"inner","nextUri":"x"},"id":"outer"})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->id, "outer");
  EXPECT_EQ(answer->next_uri, "");
}

TEST(ScanStatementAnswer, RefusesWhatIsNotAJsonObject) {
  const std::string deep(1000, '[');
  for (const auto& text : {std::string(), std::string("<html>"), std::string("[]"),
                           std::string(R"("id")"), std::string("{id:1}"), std::string("{\"id\" 1}"),
                           std::string("{\"id\":}"), std::string("{\"id\":\"a\nb\"}"),
                           std::string("{\"id\":\"a\" \"b\":1}"), "{\"a\":" + deep}) {
    SCOPED_TRACE(text.substr(0, 20));
    EXPECT_EQ(CodeOf(ScanStatementAnswer(text)), ErrorCode::kProtocol);
  }
}

TEST(RewriteUris, ChangesOriginAndPrefixAndNothingElse) {
  const auto rewritten = RewriteUris(kQueued, "https://gw.example:8443", "/~c1");
  ASSERT_TRUE(rewritten);
  std::string expected = kQueued;
  for (auto at = expected.find("http://gw:8080"); at != std::string::npos;
       at = expected.find("http://gw:8080")) {
    expected.replace(at, 14, "https://gw.example:8443/~c1");
  }
  EXPECT_EQ(*rewritten, expected);
}

TEST(RewriteUris, LeavesTheSameTextElsewhereAlone) {
  const std::string page =
      R"({"id":"a","nextUri":"http://c:1/v1/x","columns":[{"name":"http://c:1/v1/x"}],"data":[["http://c:1/"]]})";
  const auto rewritten = RewriteUris(page, "http://gw", "");
  ASSERT_TRUE(rewritten);
  EXPECT_EQ(*rewritten,
            R"({"id":"a","nextUri":"http://gw/v1/x","columns":[{"name":"http://c:1/v1/x"}],)"
            R"("data":[["http://c:1/"]]})");
}

}  // namespace
}  // namespace gateway::protocol
