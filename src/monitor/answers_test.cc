#include "monitor/answers.h"

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway::monitor {
namespace {

TEST(ParseInfo, ReadsWhatACoordinatorAnswers) {
  const auto info =
      ParseInfo(R"({"nodeVersion":{"version":"476"},"environment":"test","coordinator":true,)"
                R"("starting":false,"uptime":"14.28m"})");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->version, "476");
  EXPECT_FALSE(info->starting);
  EXPECT_EQ(info->environment, "test");
  EXPECT_DOUBLE_EQ(*info->uptime, 14.28 * 60);
}

TEST(ParseInfo, RefusesWhatIsNoCoordinators) {
  for (const auto text :
       {"", "<html>", "[]", "{}", R"({"starting":"no"})", R"({"starting":false)"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(CodeOf(ParseInfo(text)), ErrorCode::kProtocol);
  }
}

TEST(ParseInfo, TellsAWorkerFromACoordinator) {
  EXPECT_TRUE(ParseInfo(R"({"starting":false})")->coordinator);
  EXPECT_TRUE(ParseInfo(R"({"starting":false,"coordinator":true})")->coordinator);
  EXPECT_FALSE(ParseInfo(R"({"starting":false,"coordinator":false})")->coordinator);
}

TEST(ParseInfo, KeepsNoMoreOfNamesThanAnybodyReads) {
  std::string name(kMaxName - 1, 'a');
  name += "\u00e9\u00e9";  // in UTF-8, the first one would be cut in half
  const auto info = ParseInfo(R"({"starting":false,"environment":")" + name +
                              R"(","nodeVersion":{"version":")" + name + "\"}}");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->environment, std::string(kMaxName - 1, 'a'));
  EXPECT_EQ(info->version, info->environment);
}

TEST(ParseInfo, RefusesWhatIsNestedTooDeeply) {
  const auto nested = [](int depth) {
    const auto levels = static_cast<std::size_t>(depth);
    return R"({"starting":false,"x":)" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  EXPECT_TRUE(ParseInfo(nested(20)));
  EXPECT_EQ(CodeOf(ParseInfo(nested(100'000))), ErrorCode::kProtocol);
}

TEST(ParseDuration, KnowsTrinosUnits) {
  EXPECT_DOUBLE_EQ(*ParseDuration("350.00ms"), 0.35);
  EXPECT_DOUBLE_EQ(*ParseDuration("2s"), 2);
  EXPECT_DOUBLE_EQ(*ParseDuration("1.50h"), 5400);
  EXPECT_DOUBLE_EQ(*ParseDuration("1.00d"), 86400);
  for (const auto text : {"", "s", "1", "1 s", "-1s", "1x", "1.0.0s", "infs", "nand", "1e999s"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(ParseDuration(text), std::nullopt);
  }
}

TEST(ParseNodeId, IsEmptyWhenThereIsNone) {
  EXPECT_EQ(ParseNodeId(R"({"nodeId":"c1","coordinator":true})"), "c1");
  for (const auto* text : {"", "{}", "[]", R"({"nodeId":7})"}) EXPECT_EQ(ParseNodeId(text), "");
  EXPECT_EQ(ParseNodeId(R"({"nodeId":")" + std::string(kMaxName + 1, 'a') + "\"}"), "");
}

TEST(ParseQueryState, ListsLiveQueries) {
  const auto queries =
      ParseQueryState(R"([{"queryId":"a","queryState":"RUNNING","progress":{"blocked":true}},)"
                      R"({"queryId":"b","queryState":"QUEUED","source":"s","progress":{}},{}])");
  ASSERT_TRUE(queries);
  ASSERT_EQ(queries->size(), 3U);
  EXPECT_EQ((*queries)[0].id, "a");
  EXPECT_EQ((*queries)[0].state, "RUNNING");
  EXPECT_TRUE((*queries)[0].blocked);
  EXPECT_EQ((*queries)[1].state, "QUEUED");
  EXPECT_FALSE((*queries)[1].blocked);
  EXPECT_EQ((*queries)[0].source, "");
  EXPECT_EQ((*queries)[1].source, "s");
  EXPECT_EQ((*queries)[2].state, "");
  EXPECT_TRUE(ParseQueryState("[]")->empty());
}

TEST(ParseQueryState, RefusesWhatIsNoListOfQueries) {
  for (const auto* text : {"", "{}", "[1]", "404 page not found"}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(ParseQueryState(text));
  }
}

TEST(ParseMetrics, ReadsSamplesWithAndWithoutLabels) {
  const auto numbers = ParseMetrics(
      "# TYPE a gauge\na 1.0\r\nb{x=\"y z\",q=\"}\"} -2.5e3 1700000000\nbroken\nc NaN\nd x\ne "
      "+Inf\n"
      "f -inf 1700000000\ng 1e999\n# EOF\n");
  EXPECT_EQ(numbers.at("a"), 1);
  EXPECT_EQ(numbers.at("b{x=\"y z\",q=\"}\"}"), -2500);
  EXPECT_FALSE(numbers.contains("broken"));
  for (const auto* name : {"c", "d", "e", "f", "g"}) EXPECT_FALSE(numbers.contains(name)) << name;
  EXPECT_TRUE(ParseMetrics("<html>no metrics</html>").empty());
}

TEST(ParseNumbers, KeepsNumericMembers) {
  const auto numbers = ParseNumbers(R"({"activeWorkers":3,"reservedMemory":1.5,"name":"x"})");
  ASSERT_TRUE(numbers);
  EXPECT_EQ(*numbers, (Numbers{{"activeWorkers", 3}, {"reservedMemory", 1.5}}));
  EXPECT_TRUE(ParseNumbers(R"({"a":1e999,"b":-1e999,"c":"NaN"})").value_or(Numbers{}).empty());
  EXPECT_FALSE(ParseNumbers("[]"));
  EXPECT_FALSE(ParseNumbers("<html>"));
}

TEST(ParseMbean, KeepsNumericAttributes) {
  const auto numbers = ParseMbean(
      R"({"attributes":[{"name":"RunningQueries","value":2},{"name":"State","value":"x"},{},1]})");
  ASSERT_TRUE(numbers);
  EXPECT_EQ(*numbers, (Numbers{{"RunningQueries", 2}}));
  EXPECT_FALSE(ParseMbean("{}"));
  EXPECT_FALSE(ParseMbean("0"));
}

TEST(ParseQueryPage, KeepsOfNextUriWhatIsAskedAtTheSameAddress) {
  const struct {
    std::string uri;
    std::string target;
  } cases[] = {
      {"http://c1:8080/v1/statement/queued/q/y1/1?slug=a", "/v1/statement/queued/q/y1/1?slug=a"},
      {"https://[::1]:8443/~c1/v1/x", "/~c1/v1/x"},
      {"/v1/statement/x", "/v1/statement/x"},
      {"http://c1:8080", "/"},
  };
  for (const auto& [uri, target] : cases) {
    SCOPED_TRACE(uri);
    const auto page = ParseQueryPage(R"({"id":"q","nextUri":")" + uri + R"("})");
    ASSERT_TRUE(page);
    EXPECT_EQ(page->id, "q");
    EXPECT_EQ(page->target, target);
    EXPECT_EQ(page->error, "");
  }
}

TEST(ParseQueryPage, TellsTheEndAndTheError) {
  const auto last = ParseQueryPage(R"({"id":"q","data":[[1]],"error":null})");
  ASSERT_TRUE(last);
  EXPECT_EQ(last->target, "");
  EXPECT_EQ(last->error, "");
  EXPECT_EQ(ParseQueryPage(R"({"error":{"message":"nodes is empty"}})")->error, "nodes is empty");
  EXPECT_EQ(ParseQueryPage(R"({"error":{}})")->error, "no message");
  EXPECT_EQ(ParseQueryPage(R"({"error":"broken"})")->error, "no message");
}

TEST(ParseQueryPage, ReadsRowsAsText) {
  using Rows = std::vector<std::vector<std::string>>;
  const auto direct = ParseQueryPage(R"({"data":[[1,"a",null,true],[2.5]]})");
  EXPECT_EQ(direct->rows, (Rows{{"1", "a", "null", "true"}, {"2.5E0"}}));
  EXPECT_EQ(direct->spooling, false);
  // The same protocol with segments: [[1]] in base64.
  const auto spooled = ParseQueryPage(
      R"({"data":{"encoding":"json","segments":[{"type":"inline","data":"W1sxXV0="}]}})");
  EXPECT_EQ(spooled->rows, (Rows{{"1"}}));
  EXPECT_EQ(spooled->spooling, true);
  EXPECT_EQ(ParseQueryPage(R"({"id":"q"})")->spooling, std::nullopt);
  for (const auto* data : {"7", "[1]", R"({"segments":[{"data":"%%%%"},{"data":"W1s="},1]})"}) {
    SCOPED_TRACE(data);
    EXPECT_TRUE(ParseQueryPage(std::string(R"({"data":)") + data + "}")->rows.empty());
  }
}

TEST(ParseQueryPage, RefusesWhatIsNoPage) {
  for (const auto* text : {"", "[]", "1", "<html>", R"({"id":"q")"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(CodeOf(ParseQueryPage(text)), ErrorCode::kProtocol);
  }
  const std::string deep(100'000, '[');
  EXPECT_EQ(CodeOf(ParseQueryPage(deep)), ErrorCode::kProtocol);
}

}  // namespace
}  // namespace gateway::monitor
