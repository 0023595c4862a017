// What a Lua rule adds to a submission.
#include <cstdlib>

#include <benchmark/benchmark.h>

#include "base/clock.h"
#include "rules/fake_facts.h"
#include "rules/lua_state.h"

namespace gateway::rules {
namespace {

constexpr std::string_view kByUser = "if request.user == 'svc_etl' then return 'etl' end";

constexpr std::string_view kTypical = R"(
  local catalog = request.headers["X-Trino-Catalog"]
  if request.user:starts_with("svc_") and request.source ~= "" then return "services" end
  for _, tag in ipairs(request.tags) do
    if tag == "etl" and groups.etl.healthy > 0 then return {"etl", "adhoc"} end
  end
  if catalog == "hive" then return "adhoc" end)";

constexpr std::string_view kStatement = R"(
  for _, name in ipairs(query.tables) do
    if name:matches("^hive\\.web\\.") then return "adhoc" end
  end)";

constexpr std::string_view kHeaders = R"(
  return {groups = "etl", source = "gateway",
          headers = {set = {["X-Trino-Session"] = "query_priority=2"}, remove = {"X-Extra"}}})";

void RunRule(benchmark::State& state, std::string_view source) {
  const SystemClock clock;
  LuaState lua(clock);
  const auto script = lua.Compile(source, "rule.lua");
  if (!script) std::abort();
  FakeFacts facts;
  facts.statement_facts.tables = {"tpch.tiny.nation", "hive.web.logs"};
  const FakeGroups groups;
  for (auto _ : state) {
    const auto decision = lua.Run(*script, {}, facts, groups, false);
    if (!decision) return state.SkipWithError(decision.error().message.c_str());
    benchmark::DoNotOptimize(decision->groups.data());
  }
}

BENCHMARK_CAPTURE(RunRule, by_user, kByUser);
BENCHMARK_CAPTURE(RunRule, typical, kTypical);
BENCHMARK_CAPTURE(RunRule, statement, kStatement);
BENCHMARK_CAPTURE(RunRule, headers, kHeaders);

void CompileRule(benchmark::State& state) {
  const SystemClock clock;
  for (auto _ : state) {
    LuaState lua(clock);
    benchmark::DoNotOptimize(lua.Compile(kTypical, "rule.lua"));
  }
}
BENCHMARK(CompileRule)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace gateway::rules

BENCHMARK_MAIN();
