#include "rules/rule_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "base/result_testing.h"

namespace gateway::rules {
namespace {

using testing::HasSubstr;

Rule MakeRule(std::string id, std::string source, int priority = 0) {
  Rule rule;
  rule.file = "rules/" + id + ".lua";
  rule.id = std::move(id);
  rule.source = std::move(source);
  rule.priority = priority;
  return rule;
}

struct RuleBookTest : testing::Test {
  std::string ErrorOf(Rule rule) {
    const auto replaced = book.ReplaceFile({std::move(rule)});
    return replaced ? "no error" : replaced.error().message;
  }
  std::string Order() {
    std::string ids;
    for (const auto& rule : *book.current()) ids += rule.id;
    return ids;
  }

  const FakeClock clock;
  RuleBook book{clock};
};

TEST_F(RuleBookTest, IsEmptyAtFirst) {
  EXPECT_EQ(book.version(), 0U);
  EXPECT_TRUE(book.current()->empty());
}

TEST_F(RuleBookTest, OrdersRulesByPriorityThenId) {
  ASSERT_TRUE(book.ReplaceFile(
      {MakeRule("c", ""), MakeRule("b", "", 5), MakeRule("a", "", -1), MakeRule("d", "", 5)}));
  EXPECT_EQ(Order(), "bdca");
  EXPECT_EQ(book.version(), 1U);
}

TEST_F(RuleBookTest, KeepsTheLastGoodRulesWhenOneOfTheNewIsBroken) {
  ASSERT_TRUE(book.ReplaceFile({MakeRule("good", "return 'etl'")}));
  for (const auto* source : {"return +", "return nothing.here", "while true do end", "return 5"}) {
    SCOPED_TRACE(source);
    EXPECT_FALSE(book.ReplaceFile({MakeRule("fine", ""), MakeRule("broken", source)}));
    EXPECT_EQ(Order(), "good");
    EXPECT_EQ(book.version(), 1U);
  }
}

TEST_F(RuleBookTest, SaysWhichScriptIsBrokenWhereAndWhen) {
  EXPECT_THAT(ErrorOf(MakeRule("a", "x = 1\nreturn +")),
              HasSubstr("rules/a.lua:2: unexpected symbol"));
  EXPECT_THAT(ErrorOf(MakeRule("a", "return request.user.first.second")),
              testing::AllOf(HasSubstr("rules/a.lua:1: "), HasSubstr("with a sample request")));
  // Works with what most clients send, and would fail for the others.
  EXPECT_THAT(ErrorOf(MakeRule("a", "return request.headers['X-Trino-Catalog']:lower()")),
              testing::AllOf(HasSubstr("rules/a.lua:1: "), HasSubstr("no headers but the user's")));
  EXPECT_THAT(ErrorOf(MakeRule("a", "return 5")),
              HasSubstr("rules/a.lua: the rule returned a number"));
  EXPECT_THAT(ErrorOf(MakeRule("a", std::string(model::kMaxScriptBytes + 1, ' '))),
              HasSubstr("rules/a.lua: larger than 65536 bytes"));
}

TEST_F(RuleBookTest, LetsARuleNameGroupsThatAreNotThereYet) {
  EXPECT_TRUE(
      book.ReplaceFile({MakeRule("a", "if groups.later.healthy > 0 then return 'later' end")}));
}

TEST_F(RuleBookTest, RefusesIdsThatAreBadOrUsedTwice) {
  EXPECT_THAT(ErrorOf(MakeRule("a b", "")), HasSubstr("rule id 'a b'"));
  const auto twice = book.ReplaceFile({MakeRule("a", ""), MakeRule("a", "")});
  ASSERT_EQ(CodeOf(twice), ErrorCode::kInvalidArgument);
  EXPECT_EQ(twice.error().message, "two rules have the id 'a'");
}

TEST_F(RuleBookTest, AppliesARulesOwnLimits) {
  auto rule = MakeRule("a", "for i = 1, 5000 do end");
  EXPECT_TRUE(book.ReplaceFile({rule}));
  rule.limits.instructions = 1000;
  EXPECT_THAT(ErrorOf(rule), HasSubstr("used up its instructions"));
}

TEST_F(RuleBookTest, AsksRulesOfBothSourcesAndPrefersTheFile) {
  ASSERT_TRUE(book.ReplaceFile({MakeRule("a", "return 'file'", 1), MakeRule("c", "", 3)}));
  ASSERT_TRUE(book.ReplaceStored({MakeRule("a", "return 'stored'", 9), MakeRule("b", "", 2)}));
  EXPECT_EQ(Order(), "cba");
  EXPECT_EQ(book.current()->back().source, "return 'file'");
  ASSERT_TRUE(book.ReplaceFile({}));
  EXPECT_EQ(Order(), "ab");
  EXPECT_EQ(book.current()->front().source, "return 'stored'");
}

TEST_F(RuleBookTest, KeepsBothSourcesWhenOneOfThemIsBroken) {
  ASSERT_TRUE(book.ReplaceFile({MakeRule("a", "")}));
  ASSERT_TRUE(book.ReplaceStored({MakeRule("b", "")}));
  EXPECT_FALSE(book.ReplaceStored({MakeRule("b", "return +")}));
  EXPECT_FALSE(book.ReplaceFile({MakeRule("a", "return +")}));
  EXPECT_EQ(Order(), "ab");
}

TEST(RulesOf, TakesWhatIsEnabledAsItIsDeclared) {
  model::Rule stored{.id = "s",
                     .script = "return 's'",
                     .priority = 4,
                     .instructions = 500,
                     .memory_bytes = 70'000,
                     .text = true};
  model::Rule from_file{.id = "f", .script = "return 'f'", .file = "rules/f.lua"};
  model::Rule off{.id = "o", .script = "return 'o'", .enabled = false};
  const auto rules = RulesOf({stored, from_file, off});
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0].file, "rule s");
  EXPECT_EQ(rules[0].source, "return 's'");
  EXPECT_EQ(rules[0].priority, 4);
  EXPECT_EQ(rules[0].limits.instructions, 500);
  EXPECT_EQ(rules[0].limits.memory_bytes, 70'000U);
  EXPECT_TRUE(rules[0].text);
  EXPECT_EQ(rules[1].file, "rules/f.lua");
}

}  // namespace
}  // namespace gateway::rules
