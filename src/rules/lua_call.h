// What a Lua state and the C functions that scripts call share: limits, and the call's subject.
//
// Lua reports errors by longjmp, which skips destructors. So a C function here holds no object with
// a destructor while it calls anything of Lua that can fail, and no exception leaves it.
// Threads: belongs to one Lua state on one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <lua.hpp>

#include "base/clock.h"
#include "rules/facts.h"
#include "rules/regex_cache.h"

namespace gateway::rules {

// Bounds of one call of a script.
struct LuaLimits {
  std::int64_t instructions = 100'000;     // of the virtual machine; library calls cost some, too
  std::size_t memory_bytes = 1024 * 1024;  // on top of what the loaded scripts take
  std::chrono::milliseconds time{100};     // the last resort, checked every few microseconds
};

// The memory of one Lua state, counted.
struct LuaMemory {
  std::size_t used = 0;
  std::size_t limit = SIZE_MAX;
  // Allocated in all during a call, freed or not: copying large strings over and over costs time
  // that no instruction counts.
  std::size_t churn = 0;
  std::size_t churn_limit = SIZE_MAX;
  // Times that a call was refused memory. Each makes Lua collect its garbage as a whole, so a
  // script that keeps just below the limit would do nothing else.
  int refusals = 0;
};

struct LuaCall {
  LuaMemory memory;
  std::int64_t instructions_left = 0;
  const Clock* clock = nullptr;
  Clock::TimePoint deadline;
  std::int64_t next_look = 0;  // at the clock, after library calls of this cost
  bool over_budget = false;
  Facts* facts = nullptr;  // null outside of a call
  const Groups* groups = nullptr;
  bool text_allowed = false;
  RegexCache regexes;
};

// The call of `state`, which LuaState put there.
inline LuaCall& CallOf(lua_State* state) {
  return **static_cast<LuaCall**>(lua_getextraspace(state));
}

// Takes `cost` from the budget, of a library call, or before one. Does not return when the budget
// or the time is used up.
void Spend(lua_State* state, std::int64_t cost);

}  // namespace gateway::rules
