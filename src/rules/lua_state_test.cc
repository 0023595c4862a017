#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "rules/lua_fixture.h"

namespace gateway::rules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using LuaStateTest = LuaFixture;

TEST_F(LuaStateTest, DecidesByWhatTheRequestSays) {
  const struct {
    std::string_view source;
    std::string_view group;
  } cases[] = {
      {"return nil", "nil"},
      {"", "nil"},
      {"return 'adhoc'", "adhoc"},
      {"if request.user == 'alice' then return 'etl' end", "etl"},
      {"return request.source", "dbt"},
      {"return request.tags[2]", "nightly"},
      {"return 'n' .. #request.tags", "n2"},
      {"return request.headers['x-trino-CATALOG']", "hive"},
      {"return request.headers['X-Nothing'] or 'none'", "none"},
      {"return 'p' .. request.port", "p8080"},
      {"if request.client_address:starts_with('10.') then return 'lan' end", "lan"},
      {"if request.host:ends_with(':8080') then return 'plain' end", "plain"},
      {"return 'size' .. query.text_size", "size8"},
      {"return 'h' .. groups.adhoc.healthy .. '-' .. groups.adhoc.members", "h2-3"},
      {"if groups.adhoc.load > 5 then return 'etl' end", "etl"},
      {"if groups.nothing == nil then return 'etl' end", "etl"},
      {"local n = 0 for id in pairs(groups) do n = n + 1 end return 'n' .. n", "n2"},
      {"local m = {} for w in pairs({a = 1}) do m[#m + 1] = w end return table.concat(m)", "a"},
  };
  for (const auto& [source, group] : cases) {
    SCOPED_TRACE(source);
    EXPECT_EQ(GroupOf(source), group);
  }
}

TEST_F(LuaStateTest, TellsTheSizeOfAStatementThatWasNotKept) {
  facts.sql.clear();
  facts.request_facts.text_bytes = 300'000;
  EXPECT_EQ(GroupOf("if query.text_size > 262144 then return 'etl' end"), "etl");
}

TEST_F(LuaStateTest, AnalysesTheStatementOnlyWhenARuleAsks) {
  EXPECT_EQ(GroupOf("return request.user .. query.text_size"), "alice8");
  EXPECT_EQ(facts.analysed, 0);
  facts.statement_facts.type = "Query";
  facts.statement_facts.category = "SELECT";
  facts.statement_facts.tables = {"hive.web.logs", "hive.web.users"};
  facts.statement_facts.catalogs = {"hive"};
  facts.statement_facts.catalog_schemas = {"hive.web"};
  EXPECT_EQ(GroupOf("return query.type .. query.category .. #query.tables .. query.catalogs[1] .. "
                    "query.schemas[1]"),
            "QuerySELECT2hivehive.web");
  EXPECT_EQ(GroupOf("if query.read_only == nil then return 'unknown' end"), "unknown");
  facts.statement_facts.read_only = true;
  EXPECT_EQ(GroupOf("if query.read_only then return 'reader' end"), "reader");
}

TEST_F(LuaStateTest, ShowsTheTextOnlyWhenThatIsAllowed) {
  constexpr auto kRule = "return query.text and 'seen' or 'hidden'";
  EXPECT_EQ(GroupOf(kRule), "hidden");
  text_allowed = true;
  EXPECT_EQ(GroupOf(kRule), "seen");
}

TEST_F(LuaStateTest, MatchesWithRe2) {
  const struct {
    std::string_view source;
    std::string_view group;
  } cases[] = {
      {"return matches('svc_etl', 'svc_.*')", "svc_etl"},
      {"local a, b = matches('svc_etl', '(svc)_(etl)') return b .. a", "etlsvc"},
      {"return request.user:matches('^al') or 'no'", "al"},
      {"return request.user:matches('^li') or 'no'", "no"},
      {"local a, b = ('b'):matches('(a)|(b)') return a == nil and b", "b"},
      {"return matches('x', '(') or 'no'",
       "error: rules/test.lua:1: bad regular expression '(': missing ): ("},
      {"if contains('abc', 'bc') and not contains('abc', 'd') then return 'ok' end", "ok"},
      {"if percent_of('alice') == percent_of('alice') and percent_of('x') < 100 then "
       "return 'ok' end",
       "ok"},
  };
  for (const auto& [source, group] : cases) {
    SCOPED_TRACE(source);
    EXPECT_EQ(GroupOf(source), group);
  }
}

TEST_F(LuaStateTest, TakesAFullAnswer) {
  const auto decision = Run(R"(return {
    groups = {'etl', 'adhoc'},
    headers = {set = {['X-Trino-Session'] = 'a=1', ['X-Trino-Client-Tags'] = 't'},
               remove = {'X-Extra'}},
    source = 'gateway-etl'})");
  ASSERT_TRUE(decision) << decision.error().message;
  EXPECT_THAT(decision->groups, ElementsAre("etl", "adhoc"));
  EXPECT_THAT(decision->headers, ElementsAre(model::HeaderAction{"X-Extra", std::nullopt},
                                             model::HeaderAction{"X-Trino-Client-Tags", "t"},
                                             model::HeaderAction{"X-Trino-Session", "a=1"}));
  EXPECT_EQ(decision->source, "gateway-etl");
  EXPECT_FALSE(Run("return {source = 'x'}")->final());
  EXPECT_EQ(Run("return {reject = 'not on Mondays'}")->reject, "not on Mondays");
  EXPECT_THAT(Run("return {'etl', 'adhoc'}")->groups, ElementsAre("etl", "adhoc"));
}

TEST_F(LuaStateTest, SaysWhatIsWrongWithAnAnswer) {
  const struct {
    std::string_view source;
    std::string_view message;
  } cases[] = {
      {"return 5", "the rule returned a number; a rule returns nil, a group id, a list"},
      {"return true", "the rule returned a boolean"},
      {"return print", "nil"},  // unknown globals are nil
      {"return function() end", "the rule returned a function"},
      {"return request", "the rule returned a userdata"},
      {"return ''", "'', which is no group id"},
      {"return 'a b'", "'a b', which is no group id"},
      {"return {'etl', 7}", "a number where a group id is expected"},
      {"return {groups = {{}}}", "a table where a group id is expected"},
      {"return {group = 'etl'}", "a table with 'group'"},
      {"return {[true] = 'etl'}", "a table with 'boolean'"},
      {"return {reject = ''}", "reject that is no text"},
      {"return {reject = 5}", "reject that is no text"},
      {"return {source = 'a\\nb'}", "control characters"},
      {"return {headers = 'x'}", "headers that are no table"},
      {"return {headers = {add = {}}}", "headers with 'add'; they have: set, remove"},
      {"return {headers = {set = {['X-A'] = 5}}}", "something else than strings"},
      {"return {headers = {set = {['X-A'] = 'a\\r\\nX-Trino-User: root'}}}", "control characters"},
      {"return {headers = {set = {['X A'] = 'a'}}}", "'X A' is no header name"},
      {"return {headers = {set = {['Content-Length'] = '0'}}}", "the gateway's own"},
      {"return {headers = {set = {['transfer-encoding'] = 'chunked'}}}", "the gateway's own"},
      {"return {headers = {set = {['X-Forwarded-For'] = '1.1.1.1'}}}", "the gateway's own"},
      {"return {headers = {remove = {a = 'X-A'}}}", "something else than names"},
      {"local t = {} for i = 1, 33 do t[i] = 'g' .. i end return t", "more than 32 groups"},
  };
  for (const auto& [source, message] : cases) {
    SCOPED_TRACE(source);
    if (message == "nil") {
      EXPECT_EQ(GroupOf(source), "nil");
      continue;
    }
    const auto decision = Run(source);
    ASSERT_EQ(CodeOf(decision), ErrorCode::kInvalidArgument);
    EXPECT_THAT(decision.error().message, HasSubstr(message));
  }
}

TEST_F(LuaStateTest, NamesScriptAndLineOfAMistake) {
  EXPECT_THAT(ErrorOf("local x = 1\nreturn x +"), HasSubstr("rules/test.lua:2: "));
  EXPECT_THAT(ErrorOf("\n\nreturn nothing.at_all"),
              HasSubstr("rules/test.lua:3: attempt to index"));
  EXPECT_THAT(ErrorOf("return request.usr"), HasSubstr("request has no field 'usr'; it has: user"));
  EXPECT_THAT(ErrorOf("return query.kind"), HasSubstr("query has no field 'kind'"));
  EXPECT_EQ(ErrorOf("error('stop', 0)"), "stop");
  EXPECT_EQ(ErrorOf("error({})"), "the rule raised an error that is no text");
  EXPECT_FALSE(state.dirty());
}

TEST_F(LuaStateTest, HasNothingThatReachesOutside) {
  for (const auto* name : {"io",
                           "os",
                           "package",
                           "debug",
                           "coroutine",
                           "utf8",
                           "require",
                           "load",
                           "loadfile",
                           "loadstring",
                           "dofile",
                           "print",
                           "warn",
                           "pcall",
                           "xpcall",
                           "collectgarbage",
                           "rawset",
                           "rawget",
                           "rawequal",
                           "rawlen",
                           "getmetatable",
                           "setmetatable",
                           "_G",
                           "string.rep",
                           "string.dump",
                           "string.find",
                           "string.match",
                           "string.gmatch",
                           "string.gsub",
                           "string.pack",
                           "string.unpack",
                           "string.packsize",
                           "table.move",
                           "table.pack",
                           "math.random",
                           "math.randomseed"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(GroupOf(std::string("return ") + name + " == nil and 'absent' or 'present'"),
              "absent");
  }
  for (const auto* method : {"rep", "dump", "find", "match", "gmatch", "gsub", "pack"}) {
    SCOPED_TRACE(method);
    EXPECT_EQ(GroupOf(std::string("return ('x').") + method + " == nil and 'absent'"), "absent");
  }
}

TEST_F(LuaStateTest, RefusesBytecode) {
  EXPECT_THAT(ErrorOf("\x1bLua\x54"), HasSubstr("binary chunk"));
}

TEST_F(LuaStateTest, KeepsNothingFromOneCallToTheNext) {
  for (const auto* source :
       {"counter = (counter or 0) + 1 return 'n' .. counter",
        "_ENV.counter = (_ENV.counter or 0) + 1 return 'n' .. counter",
        "if kept then return 'n2' end kept = function() return kept end return 'n1'"}) {
    SCOPED_TRACE(source);
    const auto script = state.Compile(source, "s");
    ASSERT_TRUE(script);
    for (int i = 0; i < 3; ++i) {
      const auto decision = state.Run(*script, limits, facts, groups, false);
      ASSERT_TRUE(decision) << decision.error().message;
      EXPECT_THAT(decision->groups, ElementsAre("n1"));
    }
  }
}

TEST_F(LuaStateTest, LetsAScriptChangeNothingThatIsShared) {
  for (const auto* source :
       {"string.lower = nil", "table.kept = 1", "math.pi = 3", "request.user = 'root'",
        "query.type = 'x'", "groups.adhoc = nil", "request.headers['X-A'] = 'b'",
        "table.insert(string, 1)", "('x').kept = 1"}) {
    SCOPED_TRACE(source);
    EXPECT_FALSE(Run(source));
  }
  // What a script hides from itself is there again at the next call.
  EXPECT_TRUE(Run("tostring = nil; string = nil; request = nil"));
  EXPECT_EQ(GroupOf("return string.lower(tostring(request.user))"), "alice");
  EXPECT_EQ(GroupOf("groups.adhoc.healthy = 99 return 'h' .. groups.adhoc.healthy"), "h2");
}

}  // namespace
}  // namespace gateway::rules
