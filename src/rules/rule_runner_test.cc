#include "rules/rule_runner.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "rules/fake_facts.h"
#include "rules/rule_fixture.h"
#include "telemetry/captured_lines.h"

namespace gateway::rules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct RuleRunnerTest : testing::Test {
  Decision Ask() {
    Decision decision;
    runner.Ask(facts, groups, decision);
    return decision;
  }

  FakeClock clock;
  RuleBook book{clock};
  telemetry::Logger logger{telemetry::Level::kError};
  telemetry::Metrics metrics;
  RuleRunner runner{book, clock, logger, metrics};
  FakeFacts facts;
  FakeGroups groups;
};

TEST_F(RuleRunnerTest, DecidesNothingWithoutRules) {
  EXPECT_TRUE(runner.empty());
  EXPECT_FALSE(Ask().final());
}

TEST_F(RuleRunnerTest, AsksByPriorityUntilOneDecides) {
  ASSERT_TRUE(book.ReplaceFile({MakeRule("last", "return 'adhoc'"),
                                MakeRule("first", "return {source = 'seen'}", 9),
                                MakeRule("second", "return 'etl'", 5)}));
  const auto decision = Ask();
  EXPECT_THAT(decision.groups, ElementsAre("etl"));
  EXPECT_EQ(decision.source, "seen");
  EXPECT_EQ(decision.trace, "rule second -> etl");
}

TEST_F(RuleRunnerTest, StopsAtARejection) {
  ASSERT_TRUE(book.ReplaceFile(
      {MakeRule("a", "return {reject = 'no'}", 1), MakeRule("b", "return 'adhoc'")}));
  const auto decision = Ask();
  EXPECT_EQ(decision.reject, "no");
  EXPECT_TRUE(decision.groups.empty());
  EXPECT_EQ(decision.trace, "rule a rejects");
}

TEST_F(RuleRunnerTest, PassesOverGroupsThatAreNotThere) {
  ASSERT_TRUE(book.ReplaceFile(
      {MakeRule("a", "return {'gone', 'adhoc'}", 1), MakeRule("b", "return 'etl'")}));
  EXPECT_THAT(Ask().groups, ElementsAre("adhoc"));
  ASSERT_TRUE(book.ReplaceFile({MakeRule("a", "return 'gone'", 1), MakeRule("b", "return 'etl'")}));
  const auto decision = Ask();
  EXPECT_THAT(decision.groups, ElementsAre("etl"));
  EXPECT_EQ(decision.trace, "rule a -> gone, which is not there; rule b -> etl");
}

TEST_F(RuleRunnerTest, TakesOverNewRules) {
  ASSERT_TRUE(book.ReplaceFile({MakeRule("a", "return 'etl'")}));
  EXPECT_THAT(Ask().groups, ElementsAre("etl"));
  ASSERT_TRUE(book.ReplaceFile({MakeRule("a", "return 'adhoc'")}));
  EXPECT_THAT(Ask().groups, ElementsAre("adhoc"));
  ASSERT_TRUE(book.ReplaceFile({}));
  EXPECT_TRUE(runner.empty());
}

TEST_F(RuleRunnerTest, GoesOnWithTheNextRuleWhenOneFails) {
  // Both are fine with the sample requests, so only alice's query finds the mistakes.
  ASSERT_TRUE(
      book.ReplaceFile({MakeRule("wrong", "if request.user == 'alice' then error('oops') end", 2),
                        MakeRule("endless", "while request.user == 'alice' do end", 1),
                        MakeRule("good", "return 'etl'")}));
  for (int i = 0; i < 3; ++i) {
    const auto decision = Ask();
    EXPECT_THAT(decision.groups, ElementsAre("etl"));
    EXPECT_EQ(decision.trace, "rule wrong failed; rule endless failed; rule good -> etl");
  }
  EXPECT_THAT(metrics.Expose(),
              HasSubstr(R"(rule_failures_total{reason="invalid_argument",rule="wrong"} 3)"));
  EXPECT_THAT(metrics.Expose(),
              HasSubstr(R"(rule_failures_total{reason="too_large",rule="endless"} 3)"));
}

TEST(RuleRunnerLog, TellsOfAFailingRuleNowAndThen) {
  const auto lines = telemetry::CaptureLines([] {
    FakeClock clock;
    RuleBook book(clock);
    telemetry::Logger logger(telemetry::Level::kInfo);
    telemetry::Metrics metrics;
    RuleRunner runner(book, clock, logger, metrics);
    FakeFacts facts;
    FakeGroups groups;
    ASSERT_TRUE(
        book.ReplaceFile({MakeRule("wrong", "if request.user == 'alice' then error('oops') end")}));
    for (int second = 0; second < 11; ++second) {
      Decision decision;
      runner.Ask(facts, groups, decision);
      clock.Advance(std::chrono::seconds(1));
    }
  });
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].at("event"), "rule.failed");
  EXPECT_EQ(lines[0].at("rule"), "wrong");
  EXPECT_EQ(lines[0].at("reason"), "wrong.lua:1: oops");
}

TEST_F(RuleRunnerTest, EndsAllRulesTogetherAfterSomeTime) {
  const RunningClock running{std::chrono::microseconds(200)};
  RuleBook slow_book{running};
  RuleRunner slow_runner{slow_book, running, logger, metrics};
  std::vector<Rule> rules;
  // Each takes 40 ms of that clock, which no rule may not.
  for (int i = 0; i < 10; ++i) {
    rules.push_back(MakeRule(fmt::format("r{}", i), "for i = 1, 12000 do end"));
  }
  ASSERT_TRUE(slow_book.ReplaceFile(std::move(rules)));
  Decision decision;
  slow_runner.Ask(facts, groups, decision);
  EXPECT_THAT(decision.trace, testing::Not(HasSubstr("rule r0 failed")));
  EXPECT_THAT(decision.trace, HasSubstr("rule r8 failed; rule r9 failed"));
  EXPECT_THAT(metrics.Expose(), HasSubstr(R"(reason="too_large",rule="r9"} 1)"));
}

}  // namespace
}  // namespace gateway::rules
