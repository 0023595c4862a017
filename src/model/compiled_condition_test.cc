#include "model/compiled_condition.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway::model {
namespace {

using enum ConditionType;

Expected<CompiledCondition> Compile(ConditionType type, std::vector<std::string> values) {
  return CompiledCondition::Compile({.type = type, .values = std::move(values)});
}

TEST(CompiledCondition, FindsOneOfItsTexts) {
  const auto users = Compile(kUser, {"zoe", "ada"});
  ASSERT_TRUE(users);
  EXPECT_TRUE(users->HasText("ada"));
  EXPECT_TRUE(users->HasText("zoe"));
  for (const auto text : {"", "Ada", "ad", "adaa"}) EXPECT_FALSE(users->HasText(text)) << text;
}

TEST(CompiledCondition, FoldsNamesOfTables) {
  EXPECT_TRUE(Compile(kCatalog, {"Hive"})->HasText("hive"));
  EXPECT_TRUE(Compile(kSchema, {"Hive.Sales"})->HasText("hive.sales"));
  EXPECT_TRUE(Compile(kTable, {"hive.sales.Orders"})->HasText("hive.sales.orders"));
}

TEST(CompiledCondition, MatchesAnExpressionOnTheWhole) {
  const auto expressions = Compile(kUserRegex, {"svc-[a-z]+", "root"});
  EXPECT_TRUE(expressions->MatchesExpression("svc-etl"));
  EXPECT_TRUE(expressions->MatchesExpression("root"));
  EXPECT_FALSE(expressions->MatchesExpression("svc-etl2"));
  EXPECT_FALSE(expressions->MatchesExpression("xroot"));
}

TEST(CompiledCondition, HoldsAddressesSizesAndTimes) {
  const auto blocks = Compile(kClientAddress, {"10.0.0.0/8", "::1"});
  EXPECT_TRUE(blocks->HoldsAddress(*IpAddress::Parse("10.1.2.3")));
  EXPECT_TRUE(blocks->HoldsAddress(*IpAddress::Parse("::1")));
  EXPECT_FALSE(blocks->HoldsAddress(*IpAddress::Parse("11.1.2.3")));
  const auto hourly = Compile(kTimeWindow, {"@hourly"});
  EXPECT_TRUE(hourly->HoldsTime(Clock::WallTime(std::chrono::hours(7))));
  EXPECT_FALSE(hourly->HoldsTime(Clock::WallTime(std::chrono::minutes(7))));
}

TEST(CompiledCondition, HoldsSizesWithBothEnds) {
  struct Case {
    std::string range;
    std::uint64_t bytes;
    bool holds;
  };
  const Case cases[] = {{"10-20", 9, false},  {"10-20", 10, true}, {"10-20", 20, true},
                        {"10-20", 21, false}, {"10-", 10, true},   {"10-", ~0ULL, true},
                        {"10-", 9, false},    {"-10", 0, true},    {"-10", 11, false},
                        {"5-5", 5, true}};
  for (const auto& [range, bytes, holds] : cases) {
    SCOPED_TRACE(range + " " + std::to_string(bytes));
    EXPECT_EQ(Compile(kTextSize, {range})->HoldsSize(bytes), holds);
  }
}

TEST(CompiledCondition, RefusesValuesThatFitNothing) {
  struct Case {
    ConditionType type;
    std::string value;
  };
  const Case cases[] = {
      {kUserRegex, "("},
      {kUserRegex, "(?=a)"},
      {kClientAddress, "10.0.0.0/99"},
      {kClientAddress, "host"},
      {kTextSize, ""},
      {kTextSize, "-"},
      {kTextSize, "10"},
      {kTextSize, "20-10"},
      {kTextSize, "1-2-3"},
      {kTextSize, "1k-2k"},
      {kTimeWindow, "* * *"},
      {kQueryCategory, "select"},
      {kQueryCategory, "SELECTS"},
      {kQueryType, "query"},
      {kQueryType, "SELECT 1"},
      {kQueryType, ""},
      {kReadOnly, "yes"},
      {kSchema, "sales"},
      {kSchema, "hive."},
      {kTable, "hive.sales"},
      {kTable, "hive..orders"},
      {kCatalog, ""},
  };
  for (const auto& [type, value] : cases) {
    SCOPED_TRACE(std::string(NameOf(type)) + " " + value);
    EXPECT_EQ(CodeOf(Compile(type, {value})), ErrorCode::kInvalidArgument);
  }
}

// An older version may have stored them.
TEST(CompiledCondition, CompilesWhatIsOnlyRefusedOfNewConditions) {
  EXPECT_TRUE(Compile(kQueryType, {"Select"}));
  EXPECT_TRUE(Compile(kTimeWindow, {"* * 31 6 *"}));
  EXPECT_TRUE(Compile(kUser, {" ada"}));
}

TEST(CompiledCondition, SaysWhatIsAllowed) {
  EXPECT_EQ(Compile(kQueryCategory, {"READ"}).error().message,
            "'READ' is no query category; allowed: SELECT, EXPLAIN, DESCRIBE, INSERT, UPDATE, "
            "DELETE, MERGE, ANALYZE, UNKNOWN, ALTER_TABLE_EXECUTE, DATA_DEFINITION");
  EXPECT_EQ(Compile(kTextSize, {"1MB"}).error().message,
            "'1MB' is no range of sizes; allowed: MIN-MAX, MIN- or -MAX in bytes, such as 0-10000");
  EXPECT_EQ(Compile(kUserRegex, {"("}).error().message, "'(' is no RE2 expression: missing ): (");
}

}  // namespace
}  // namespace gateway::model
