#include "protocol/statement_answer.h"

#include <string>

#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "protocol/error_answer.h"

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

TEST(ScanStatementAnswer, ReadsAPageOfARunningQuery) {
  const auto answer = ScanStatementAnswer(
      R"({"id":"20261123_204405_00014_9chqv","infoUri":"http://gw/ui/query.html?20261123_204405_00014_9chqv",)"
      R"("partialCancelUri":"http://gw/v1/statement/executing/partialCancel/20261123_204405_00014_9chqv/0/y9/1",)"
      R"("nextUri":"http://gw/v1/statement/executing/20261123_204405_00014_9chqv/y9/1",)"
      R"("columns":[{"name":"_col0","type":"integer","typeSignature":{"rawType":"integer","arguments":[]}}],)"
      R"("data":[[1]],"stats":{"state":"RUNNING","progressPercentage":100.0},"warnings":[]})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->partial_cancel_uri,
            "http://gw/v1/statement/executing/partialCancel/20261123_204405_00014_9chqv/0/y9/1");
  EXPECT_EQ(answer->next_uri, "http://gw/v1/statement/executing/20261123_204405_00014_9chqv/y9/1");
}

TEST(ScanStatementAnswer, ReadsAnAnswerOfPrestoDb) {
  const auto answer = ScanStatementAnswer(
      "{\n  \"id\" : \"20261123_204405_00014_9chqv\",\n  \"nextUri\" : "
      "\"http://gw/v1/statement/queued/20261123_204405_00014_9chqv/1?slug=x7\"\n}\n");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->id, "20261123_204405_00014_9chqv");
  EXPECT_EQ(answer->next_uri,
            "http://gw/v1/statement/queued/20261123_204405_00014_9chqv/1?slug=x7");
}

TEST(ScanStatementAnswer, ReadsTheErrorsOfTheGatewayItself) {
  const std::string id = "20261123_204405_00001_tgate";
  std::string message;
  for (int byte = 0; byte < 256; ++byte) message += static_cast<char>(byte);
  const auto json = QueryErrorJson(id, "http://gw", {message, 7, "GATEWAY_X"});
  const auto answer = ScanStatementAnswer(json);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->has_error);
  EXPECT_EQ(answer->id, id);
  EXPECT_EQ(answer->next_uri, "");
}

TEST(ScanStatementAnswer, SkipsValuesOfAllKinds) {
  for (const std::string value :
       {"null", "true", "false", "0", "-1.5E+3", "[]", "{}", "[ ]", "{ }", "[[],{}]",
        R"({"a":[1,{"b":[]}],"c":{}})", R"("\"}\\")", R"("\u00e4\/\b\f\n\r\t")"}) {
    SCOPED_TRACE(value);
    const auto json = R"({"stats":)" + value + R"( , "id":"a"})";
    const auto answer = ScanStatementAnswer(json);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->id, "a");
  }
}

TEST(ScanStatementAnswer, RefusesValuesThatAreNotJson) {
  for (const std::string value :
       {"nul", "True", "1x", "[}", "{]", R"({"a":[1}})", "[1,]", "[1 2]", "[,]", R"({"a":1,})",
        R"({"a"})", R"({"a" 1})", "{1:2}", R"("\q")", R"("\u12g4")", "\"\x01\"", "]", ","}) {
    SCOPED_TRACE(value);
    const auto json = R"({"stats":)" + value + R"(,"id":"a"})";
    EXPECT_EQ(CodeOf(ScanStatementAnswer(json)), ErrorCode::kProtocol);
  }
}

TEST(ScanStatementAnswer, WalksDeepColumnsButNotForEver) {
  const auto nested = [](std::size_t depth) {
    return R"({"columns":)" + std::string(depth, '[') + std::string(depth, ']') + R"(,"id":"a"})";
  };
  const auto deep = nested(256);
  const auto answer = ScanStatementAnswer(deep);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->id, "a");
  EXPECT_EQ(CodeOf(ScanStatementAnswer(nested(257))), ErrorCode::kProtocol);
}

TEST(ScanStatementAnswer, RefusesAWordThatIsNoneAlsoAtTheEnd) {
  for (const auto text : {"{\"id\": <html>", "{\"id\": <html>,", "{\"a\":nulx", "{\"a\":truex"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(CodeOf(ScanStatementAnswer(text)), ErrorCode::kProtocol);
  }
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

TEST(RewriteUris, TakesUrisInAllTheirShapes) {
  struct Case {
    std::string uri;
    std::string rewritten;
  };
  const Case cases[] = {
      {"http://c:1/v1/x", "https://gw/~c1/v1/x"},
      {"https://[::1]:8443/v1/x?slug=1", "https://gw/~c1/v1/x?slug=1"},
      {R"(http:\/\/c:1\/v1\/x)", R"(https://gw/~c1\/v1\/x)"},
      {"http://c:1", "https://gw/~c1"},
      {"http://c:1?a=/b", "https://gw/~c1?a=/b"},
      {"/v1/x", "/v1/x"},
      {"ftp://c/v1/x", "ftp://c/v1/x"},
      {"http:c/v1/x", "http:c/v1/x"},
      {"", ""},
  };
  for (const auto& [uri, expected] : cases) {
    SCOPED_TRACE(uri);
    const auto rewritten = RewriteUris(R"({"nextUri":")" + uri + R"("})", "https://gw", "/~c1");
    ASSERT_TRUE(rewritten);
    EXPECT_EQ(*rewritten, R"({"nextUri":")" + expected + R"("})");
  }
}

TEST(RewriteUris, RefusesWhatIsNotAnAnswer) {
  EXPECT_EQ(CodeOf(RewriteUris("<html>", "http://gw", "")), ErrorCode::kProtocol);
}

}  // namespace
}  // namespace gateway::protocol
