#include "rules/rule_explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "rules/fake_facts.h"
#include "rules/rule_fixture.h"
#include "rules/rule_runner.h"

namespace gateway::rules {
namespace {

using testing::HasSubstr;

struct RuleExplanationTest : testing::Test {
  RuleTrace Only(std::string source) {
    const auto traces = Explain({MakeRule("only", std::move(source))});
    EXPECT_EQ(traces.size(), 1u);
    return traces.at(0);
  }

  std::vector<RuleTrace> Explain(const RuleSet& rules) {
    decision = {};
    return ExplainRules(rules, clock, facts, groups, decision);
  }

  FakeClock clock;
  FakeFacts facts;
  FakeGroups groups;
  Decision decision;
};

TEST_F(RuleExplanationTest, SaysWhatARuleMakesOfTheStatement) {
  struct Case {
    std::string source;
    std::string_view verdict;
    std::string reason;
  };
  const Case cases[] = {
      {"return 'etl'", "decides", "leads to etl"},
      {"return {'gone', 'etl', 'adhoc'}", "decides",
       "leads to etl, adhoc; names gone, which is not there or disabled"},
      {"return {'gone', 'lost'}", "passes", "names gone, lost, which are not there or disabled"},
      {"return nil", "passes", "names no group"},
      {"return {headers = {remove = {'X-A', 'X-B'}}, source = 'rule'}", "passes",
       "names no group; changes 2 headers; source becomes rule"},
      {"return {reject = 'not on Mondays'}", "rejects", "rejects the statement: not on Mondays"}};
  for (const auto& [source, verdict, reason] : cases) {
    SCOPED_TRACE(source);
    const auto trace = Only(source);
    EXPECT_EQ(NameOf(trace.verdict), verdict);
    EXPECT_EQ(trace.reason, reason);
  }
}

TEST_F(RuleExplanationTest, ShowsAFailureWithItsLine) {
  const auto trace = Only("local a\nreturn a.b");
  EXPECT_EQ(NameOf(trace.verdict), "fails");
  EXPECT_THAT(trace.reason, HasSubstr("only.lua:2:"));
  EXPECT_EQ(decision.trace, "rule only failed");
}

TEST_F(RuleExplanationTest, GoesOnAfterARuleThatUsesUpItsSteps) {
  const auto traces =
      Explain({MakeRule("loops", "while true do end"), MakeRule("next", "return 'etl'")});
  EXPECT_EQ(NameOf(traces.at(0).verdict), "fails");
  EXPECT_EQ(NameOf(traces.at(1).verdict), "decides");
  EXPECT_EQ(decision.trace, "rule loops failed; rule next -> etl");
}

TEST_F(RuleExplanationTest, DoesNotAskThoseAfterTheOneThatDecides) {
  const auto traces =
      Explain({MakeRule("first", "return 'etl'", 1), MakeRule("second", "error()")});
  EXPECT_EQ(NameOf(traces.at(1).verdict), "not_asked");
  EXPECT_EQ(traces.at(1).reason, "first decides before it");
}

TEST_F(RuleExplanationTest, DecidesAsWorkersDo) {
  const RuleSet rules = {MakeRule("a", "return {'gone', source = 's'}", 5),
                         MakeRule("b", "return {headers = {set = {['X-A'] = '1'}}}", 4),
                         MakeRule("c", "error('no')", 3),
                         MakeRule("d", "return {groups = {'etl', 'gone'}, source = 't'}", 2)};
  Explain(rules);

  RuleBook book(clock);
  telemetry::Logger logger{telemetry::Level::kError};
  telemetry::Metrics metrics;
  RuleRunner runner(book, clock, logger, metrics);
  auto valid = rules;
  valid[2].source = "if request.user ~= 'sample' then error('no') end";  // or it is not let in
  ASSERT_TRUE(book.ReplaceFile(valid));
  Decision decided;
  runner.Ask(facts, groups, decided);
  EXPECT_EQ(decision.trace, decided.trace);
  EXPECT_EQ(decision.groups, decided.groups);
  EXPECT_EQ(decision.headers, decided.headers);
  EXPECT_EQ(decision.source, decided.source);
}

}  // namespace
}  // namespace gateway::rules
