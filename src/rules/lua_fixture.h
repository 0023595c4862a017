// Runs Lua scripts. For *_test.cc only.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "rules/fake_facts.h"
#include "rules/lua_state.h"

namespace gateway::rules {

struct LuaFixture : testing::Test {
  Expected<Decision> Run(std::string_view source) { return RunIn(state, source); }

  // In a state that nothing was run in before.
  Expected<Decision> RunFresh(std::string_view source) {
    LuaState fresh(clock);
    return RunIn(fresh, source);
  }

  Expected<Decision> RunIn(LuaState& where, std::string_view source) {
    const auto script = where.Compile(source, "rules/test.lua");
    if (!script) return std::unexpected(script.error());
    return where.Run(*script, limits, facts, groups, text_allowed);
  }

  // The group that the rule returns, or what went wrong.
  std::string GroupOf(std::string_view source) {
    const auto decision = Run(source);
    if (!decision) return "error: " + decision.error().message;
    return decision->groups.empty() ? "nil" : decision->groups.front();
  }

  std::string ErrorOf(std::string_view source) {
    const auto decision = Run(source);
    return decision ? "no error" : decision.error().message;
  }

  const SystemClock clock;
  LuaState state{clock};
  LuaLimits limits{.time = std::chrono::seconds(20)};  // only a hang reaches it
  FakeFacts facts;
  FakeGroups groups;
  bool text_allowed = false;
};

}  // namespace gateway::rules
