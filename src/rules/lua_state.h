// A Lua 5.4 state in which rules run: sandboxed, with bounded instructions, memory and time.
//
// The one place that owns a lua_State. Scripts are compiled into it once; each call gets a table
// of globals of its own, so nothing that a script assigns is there at the next call.
// Threads: one thread. Memory: some 30 KiB, the scripts, and up to LuaLimits::memory_bytes.
// Cost: a call of a script of a few lines takes about a microsecond.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "rules/decision.h"
#include "rules/lua_call.h"

namespace gateway::rules {

class LuaState {
 public:
  using Script = int;  // of one state

  // `clock` must outlive the state.
  explicit LuaState(const Clock& clock);
  ~LuaState();
  LuaState(const LuaState&) = delete;
  LuaState& operator=(const LuaState&) = delete;

  // Compiles Lua source text; `name` stands before the line in errors: "rules/etl.lua:3: ...".
  // kInvalidArgument: a syntax error, or not text.
  Expected<Script> Compile(std::string_view source, const std::string& name);

  // Runs a script. kInvalidArgument: it failed, or returned what is not allowed. kTooLarge: it
  // used up its instructions, memory or time.
  Expected<Decision> Run(Script script,
                         const LuaLimits& limits,
                         Facts& facts,
                         const Groups& groups,
                         bool text_allowed);

  // After kTooLarge: what the script left behind is better thrown away with the whole state.
  bool dirty() const { return dirty_; }

 private:
  void BeginCall(const LuaLimits& limits, Facts& facts, const Groups& groups, bool text_allowed);
  Expected<Decision> EndCall(int status);
  Error Failure(int status);

  LuaCall call_;
  lua_State* state_;  // owned; never null
  std::size_t resting_bytes_ = 0;
  bool dirty_ = false;
};

}  // namespace gateway::rules
