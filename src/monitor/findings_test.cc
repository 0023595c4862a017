#include "monitor/findings.h"

#include <gtest/gtest.h>

#include "base/ranges.h"
#include "base/result_testing.h"

namespace gateway::monitor {
namespace {

using model::Health;

TEST(ParseInfo, ReadsWhatACoordinatorAnswers) {
  const auto info =
      ParseInfo(R"({"nodeVersion":{"version":"476"},"environment":"test","coordinator":true,)"
                R"("starting":false,"uptime":"14.28m"})");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->version, "476");
  EXPECT_FALSE(info->starting);
  EXPECT_DOUBLE_EQ(*info->uptime, 14.28 * 60);
}

TEST(ParseInfo, RefusesWhatIsNoCoordinators) {
  for (const auto text :
       {"", "<html>", "[]", "{}", R"({"starting":"no"})", R"({"starting":false)"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(CodeOf(ParseInfo(text)), ErrorCode::kProtocol);
  }
}

TEST(ParseDuration, KnowsTrinosUnits) {
  EXPECT_DOUBLE_EQ(*ParseDuration("350.00ms"), 0.35);
  EXPECT_DOUBLE_EQ(*ParseDuration("2s"), 2);
  EXPECT_DOUBLE_EQ(*ParseDuration("1.50h"), 5400);
  EXPECT_DOUBLE_EQ(*ParseDuration("1.00d"), 86400);
  for (const auto text : {"", "s", "1", "1 s", "-1s", "1x", "1.0.0s"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(ParseDuration(text), std::nullopt);
  }
}

TEST(ParseQueryCount, CountsLiveQueries) {
  EXPECT_EQ(ParseQueryCount(R"([{"queryId":"a"},{"queryId":"b"}])"), 2);
  EXPECT_EQ(ParseQueryCount("[]"), 0);
  EXPECT_EQ(ParseQueryCount("{}"), std::nullopt);
  EXPECT_EQ(ParseQueryCount("404 page not found"), std::nullopt);
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

TEST(ParseQueryPage, RefusesWhatIsNoPage) {
  for (const auto* text : {"", "[]", "1", "<html>", R"({"id":"q")"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(CodeOf(ParseQueryPage(text)), ErrorCode::kProtocol);
  }
  const std::string deep(100'000, '[');
  EXPECT_EQ(CodeOf(ParseQueryPage(deep)), ErrorCode::kProtocol);
}

TEST(UserFields, SpeakTheDialectOfTheVersion) {
  const std::pair<std::string, std::string> trino{"X-Trino-User", "u"};
  const std::pair<std::string, std::string> presto{"X-Presto-User", "u"};
  const struct {
    std::string version;
    bool knows_trino;
    bool knows_presto;
  } cases[] = {
      {"476", true, false},         {"351", true, false}, {"476-e.1", true, false},
      {"476.2", true, false},       {"350", false, true}, {"0.287", false, true},
      {"0.287-1-abc", false, true}, {"", true, true},     {"dev", true, true},
  };
  for (const auto& [version, knows_trino, knows_presto] : cases) {
    SCOPED_TRACE(version);
    const auto fields = UserFields(version, "u");
    EXPECT_EQ(Contains(fields, trino), knows_trino);
    EXPECT_EQ(Contains(fields, presto), knows_presto);
  }
}

Findings Found(Findings::Outcome outcome, double uptime = 100) {
  Findings findings;
  findings.outcome = outcome;
  findings.failure_class = outcome == Findings::Outcome::kOk ? "ok" : "refused";
  findings.reason = outcome == Findings::Outcome::kOk ? "" : "connect: refused";
  findings.info.uptime = uptime;
  return findings;
}

constexpr int kFall = 2;

TEST(Digest, MakesABackendHealthyAfterOneGoodProbe) {
  auto findings = Found(Findings::Outcome::kOk);
  findings.coordinator_suffix = "eif54";
  findings.process_forwarded = true;
  findings.load = 3;
  const auto memory = Digest({}, findings, kFall);
  EXPECT_EQ(memory.status.health, Health::kHealthy);
  EXPECT_EQ(memory.status.reason, "");
  EXPECT_EQ(memory.status.coordinator_suffix, "eif54");
  EXPECT_TRUE(memory.status.process_forwarded);
  EXPECT_EQ(memory.status.load, 3);
}

TEST(Digest, TellsAtOnceWhyABackendNeverWasHealthy) {
  const auto memory = Digest({}, Found(Findings::Outcome::kFailed), kFall);
  EXPECT_EQ(memory.status.health, Health::kUnhealthy);
  EXPECT_EQ(memory.status.reason, "connect: refused");
}

TEST(Digest, ForgivesAHealthyBackendAllButTheLastFailureInARow) {
  const auto healthy = Digest({}, Found(Findings::Outcome::kOk), kFall);
  const auto once = Digest(healthy, Found(Findings::Outcome::kFailed), kFall);
  EXPECT_EQ(once.status.health, Health::kHealthy);
  EXPECT_EQ(once.status.load, std::nullopt);  // unknown, not stale
  const auto recovered = Digest(once, Found(Findings::Outcome::kOk), kFall);
  EXPECT_EQ(Digest(recovered, Found(Findings::Outcome::kFailed), kFall).status.health,
            Health::kHealthy);
  EXPECT_EQ(Digest(once, Found(Findings::Outcome::kFailed), kFall).status.health,
            Health::kUnhealthy);
}

TEST(Digest, TakesARestartedBackendOutWhenItsProbeQueryFails) {
  const auto healthy = Digest({}, Found(Findings::Outcome::kOk), kFall);
  auto findings = Found(Findings::Outcome::kFailed);
  findings.failure_class = "probe_query";
  findings.reason = "probe query failed: nodes is empty";
  EXPECT_EQ(Digest(healthy, findings, kFall).status.health, Health::kUnhealthy);
}

TEST(Digest, KeepsAStartingBackendOut) {
  const auto healthy = Digest({}, Found(Findings::Outcome::kOk), kFall);
  EXPECT_EQ(Digest(healthy, Found(Findings::Outcome::kStarting), kFall).status.health,
            Health::kStarting);
}

TEST(Memory, IsBeyondDoubtOnlyWhileHealthyAndTheLastProbeSucceeded) {
  Memory memory;
  EXPECT_FALSE(memory.BeyondDoubt());
  memory = Digest(memory, Found(Findings::Outcome::kOk), kFall);
  EXPECT_TRUE(memory.BeyondDoubt());
  memory = Digest(memory, Found(Findings::Outcome::kFailed), kFall);
  EXPECT_EQ(memory.status.health, Health::kHealthy);
  EXPECT_FALSE(memory.BeyondDoubt());
}

TEST(Memory, AsksForAProbeQueryUnlessTheCoordinatorJustWentOn) {
  Memory memory;
  Info info;
  info.uptime = 50;
  EXPECT_TRUE(memory.NeedsQuery(info));
  memory = Digest(memory, Found(Findings::Outcome::kOk, 100), kFall);
  EXPECT_TRUE(memory.NeedsQuery(info));  // uptime went down: restarted
  info.uptime = 110;
  EXPECT_FALSE(memory.NeedsQuery(info));
  info.uptime.reset();
  EXPECT_FALSE(memory.NeedsQuery(info));
}

}  // namespace
}  // namespace gateway::monitor
