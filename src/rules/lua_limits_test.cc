// What a script cannot do to a worker: take long, take much, or go on after its budget is used up.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "rules/lua_fixture.h"
#include "rules/rule_fixture.h"

namespace gateway::rules {
namespace {

using testing::HasSubstr;

constexpr std::string_view kOutOfInstructions =
    "rules/test.lua:1: the rule used up its instructions";

// 64 KiB of x in `s`.
constexpr std::string_view kLongText = "local s = 'x' for i = 1, 16 do s = s .. s end ";

using LuaLimitsTest = LuaFixture;

TEST_F(LuaLimitsTest, EndsWhatNeverEnds) {
  limits.instructions = 20'000;
  for (const auto* source :
       {"while true do end", "::again:: goto again", "repeat until false",
        "local function f() return f() end return f()", "for i = 1, math.huge do end",
        "while true do ('x'):lower() end", "while true do local t = {3, 1, 2} table.sort(t) end",
        "table.sort({3, 1, 2}, function() while true do end end)",
        "local i = 0 while true do i = i + 1 matches('x', 'a' .. i) end",
        "local s = 'x' while true do contains(s, s) end", "while true do local x <close> = nil end",
        "while true do local t = request.tags end",
        "while true do for id in pairs(groups) do end end",
        "while true do for k in next, {1, 2} do end end"}) {
    SCOPED_TRACE(source);
    LuaState fresh(clock);
    const auto decision = RunIn(fresh, source);
    ASSERT_EQ(CodeOf(decision), ErrorCode::kTooLarge);
    EXPECT_EQ(decision.error().message, kOutOfInstructions);
    EXPECT_TRUE(fresh.dirty());
  }
}

// Each does in a few instructions what would take milliseconds to minutes.
TEST_F(LuaLimitsTest, TakesThePriceOfWhatLibraryFunctionsDo) {
  limits.instructions = 20'000;
  limits.memory_bytes = 4 * 1024 * 1024;
  for (const auto* source :
       {"local t = {} for i = 1, 200 do t[i] = s end table.sort(t)",
        "local t = {} for i = 1, 200 do t[i] = s end table.sort(t, ends_with)",
        "return select('#', table.unpack({}, 1, 50000))", "return select('#', s:byte(1, -1))",
        "for i = 1, 5 do s:lower() end", "for i = 1, 5 do s:upper() end",
        "for i = 1, 5 do s:reverse() end", "for i = 1, 5 do string.format('%s', s) end",
        "for i = 1, 10 do tonumber(s) end", "for i = 1, 10 do s:sub(2) end",
        "local t = {s, s} for i = 1, 5 do table.concat(t) end",
        "local t = {} for i = 1, 2000 do t[i] = i end for i = 1, 8 do table.remove(t, 1) end",
        "local t = {} for i = 1, 2000 do t[i] = i end for i = 1, 8 do table.insert(t, 1, i) end",
        "for i = 1, 12 do starts_with(s, s) end", "for i = 1, 12 do ends_with(s, s) end",
        "for i = 1, 12 do contains(s, 'y') end", "for i = 1, 12 do percent_of(s) end",
        "for i = 1, 10 do matches(s, 'y') end",
        "matches('x', '(x|y)' .. s:sub(1, 3000)) matches('x', s:sub(1, 3001))"}) {
    SCOPED_TRACE(source);
    const auto decision = RunFresh(std::string(kLongText) + source);
    ASSERT_EQ(CodeOf(decision), ErrorCode::kTooLarge);
    EXPECT_THAT(decision.error().message, HasSubstr("the rule used up its instructions"));
  }
}

TEST_F(LuaLimitsTest, LetsUsualRulesDoTheirWork) {
  facts.request_facts.client_tags = "etl, nightly, team-a, team-b, q:1, q:2";
  for (const auto* source :
       {"for _, tag in ipairs(request.tags) do if tag:lower() == 'etl' then return 'etl' end end",
        "local t = {} for i = 1, 500 do t[i] = 'k' .. i % 7 end table.sort(t) return t[1]",
        "return matches(request.user, '^(a[a-z]+)$')",
        "local n = 0 for i = 1, 100 do if contains(request.user, 'li') then n = n + 1 end end "
        "return 'n' .. n"}) {
    SCOPED_TRACE(source);
    EXPECT_TRUE(RunFresh(source)) << RunFresh(source).error().message;
  }
}

TEST_F(LuaLimitsTest, LetsRulesLookAtLargeStatementsWithinTheirBudget) {
  text_allowed = true;
  constexpr std::size_t kMega = 1024 * 1024;
  const struct {
    std::size_t size;
    const char* source;
  } cases[] = {
      {kMega, R"(return matches(query.text, '(?i)insert\\s+into\\s+(\\w+)'))"},
      {kMega,
       R"(return matches(query.text, '(?i)\\b(create|drop|alter)\\s+(table|view|schema)\\b'))"},
      {kMega, "contains(query.text, 'hive.sales.order_items')"},
      {kMega / 4, "for i = 1, 3 do query.text:lower() end"},
      {kMega / 4, "for i = 1, 3 do query.text:upper() end"},
      {kMega / 4, "for i = 1, 3 do string.format('%s', query.text) end"},
  };
  for (const auto& [size, source] : cases) {
    SCOPED_TRACE(source);
    limits.memory_bytes = 4 * size;  // the default for the smaller ones
    facts.sql.clear();
    while (facts.sql.size() < size) facts.sql += "SELECT a.id, 'x' FROM hive.b.c a ";
    facts.sql.resize(size);
    const auto decision = RunFresh(source);
    EXPECT_TRUE(decision) << decision.error().message;
  }
}

TEST_F(LuaLimitsTest, AsksNoRegularExpressionThatCouldTakeLong) {
  limits.memory_bytes = 8 * 1024 * 1024;
  const auto run = [this](const std::string& rest) {
    const auto decision = RunFresh(std::string(kLongText) + rest);
    return decision ? "" : decision.error().message;
  };
  // Takes time in proportion to text and expression: its automaton does not fit in the memory.
  const std::string slow = "return matches(s, '[xy]*x[xy]{500}z')";
  const auto doubled = [](int times) {
    return fmt::format("for i = 1, {} do s = s .. s end ", times);
  };
  EXPECT_THAT(run(doubled(3) + slow), HasSubstr("the rule used up its instructions"));
  limits.instructions = 10'000'000;
  EXPECT_THAT(run(doubled(5) + slow),
              HasSubstr("rules/test.lua:1: a text of more than 1058916 bytes is too long for the "
                        "regular expression '[xy]*x[xy]{500}z'"));
  EXPECT_EQ(run("return matches(s .. s, 'x.*y')"), "");
  EXPECT_THAT(run("return matches('x', s)"),
              HasSubstr("rules/test.lua:1: a regular expression of more than 4096 bytes"));
}

TEST_F(LuaLimitsTest, EndsWhatTakesTooLong) {
  limits = {.instructions = std::int64_t{1} << 60, .time = std::chrono::milliseconds(5)};
  const auto decision = Run("while true do end");
  ASSERT_EQ(CodeOf(decision), ErrorCode::kTooLarge);
  EXPECT_EQ(decision.error().message, "rules/test.lua:1: the rule took too much time");
}

TEST_F(LuaLimitsTest, LooksAtTheClockInLibraryCalls) {
  const RunningClock running{std::chrono::milliseconds(1)};
  LuaState state_by_it(running);
  limits = {.instructions = std::int64_t{1} << 60, .time = std::chrono::milliseconds(30)};
  // All of the sorting is one instruction.
  constexpr std::string_view kFill = "local t = {} for i = 1, 100 do t[i] = 'k' .. i end ";
  EXPECT_TRUE(RunIn(state_by_it, kFill));
  const auto decision =
      RunIn(state_by_it, std::string(kFill) + "table.sort(t, function(a, b) return a < b end)");
  EXPECT_EQ(CodeOf(decision), ErrorCode::kTooLarge);
  const auto in_c = RunIn(state_by_it, std::string(kFill) + "table.sort(t, ends_with)");
  ASSERT_EQ(CodeOf(in_c), ErrorCode::kTooLarge);
  EXPECT_THAT(in_c.error().message, HasSubstr("the rule took too much time"));
}

TEST_F(LuaLimitsTest, EndsWhatTakesTooMuchMemory) {
  limits.instructions = 10'000'000;
  for (const auto* source :
       {"local s = 'x' while true do s = s .. s end",
        "local t = {} while true do t[#t + 1] = {} end",
        "local t = {} for i = 1, 1e9 do t[i] = i end",
        "local s = ('x') for i = 1, 18 do s = s .. s end while true do local c = s .. 'y' end",
        "return table.concat({table.unpack({}, 1, 1e6)})",
        "local function f(n) return 1 + f(n + 1) end return f(1)"}) {
    SCOPED_TRACE(source);
    const auto decision = RunFresh(source);
    ASSERT_FALSE(decision);
    EXPECT_THAT(decision.error().message,
                testing::AnyOf("the rule used up its memory", HasSubstr("stack overflow"),
                               HasSubstr("too many results to unpack")));
  }
}

// A script that keeps just below its memory would have all of it collected for every few bytes.
TEST_F(LuaLimitsTest, CollectsGarbageOnlySoOften) {
  limits.memory_bytes = 64 * 1024;
  const auto run = [this](int collections) {
    return RunFresh(
        "local kilo = 'x' for i = 1, 10 do kilo = kilo .. kilo end "
        "local kept = {} for i = 1, 50 do kept[i] = kilo .. i end "
        "for i = 1, " +
        std::to_string(collections) + " * 5 do local garbage = kilo .. kilo .. i end");
  };
  EXPECT_TRUE(run(4));
  const auto decision = run(60);
  ASSERT_EQ(CodeOf(decision), ErrorCode::kTooLarge);
  EXPECT_EQ(decision.error().message, "the rule used up its memory");
}

TEST_F(LuaLimitsTest, HasNothingThatCouldEscapeTheBudget) {
  for (const auto* source :
       {"pcall(function() while true do end end)", "xpcall(function() end, function() end)",
        "coroutine.wrap(function() while true do end end)()",
        "setmetatable({}, {__gc = function() while true do end end})",
        "setmetatable({}, {__index = function() end})", "getmetatable('').__index = nil",
        "debug.sethook()", "collectgarbage('stop')", "load('return 1')", "string.rep('x', 1e9)",
        "('x'):rep(1e9)", "('x'):find('.-.-.-y')", "('x'):gsub('x', 'y')",
        "local t <close> = request", "local t <close> = {}"}) {
    SCOPED_TRACE(source);
    EXPECT_EQ(CodeOf(RunFresh(source)), ErrorCode::kInvalidArgument);
  }
}

TEST_F(LuaLimitsTest, CutsTheTextOfAnError) {
  const auto decision = Run(std::string(kLongText) + "error(s, 0)");
  ASSERT_FALSE(decision);
  EXPECT_EQ(decision.error().message, std::string(1024, 'x'));
}

TEST_F(LuaLimitsTest, GoesOnAfterFailures) {
  for (int i = 0; i < 200; ++i) EXPECT_FALSE(Run("error('x')"));
  EXPECT_FALSE(Run("local s = 'x' while true do s = s .. s end"));
  EXPECT_EQ(GroupOf("return 'etl'"), "etl");
}

TEST_F(LuaLimitsTest, DoesNotGrowOverManyCalls) {
  limits.memory_bytes = 64 * 1024;
  const auto script =
      state.Compile("local t = {} for i = 1, 50 do t[i] = request.user .. i end return t[50]", "s");
  ASSERT_TRUE(script);
  for (int i = 0; i < 2000; ++i) {
    const auto decision = state.Run(*script, limits, facts, groups, false);
    ASSERT_TRUE(decision) << decision.error().message;
  }
}

}  // namespace
}  // namespace gateway::rules
