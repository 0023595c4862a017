// The functions that a rule may call: a small, safe part of Lua's library, and helpers.
//
// Left out is what reaches outside (io, os, package, debug, load, require, print), what can run
// unbounded in C (string.rep, table.move, Lua's patterns), what survives a call (math.random,
// collectgarbage, metatables: a __gc method would even run without a budget), and pcall, which
// would let a script go on after its budget is used up. In their place: matches (RE2), contains,
// starts_with, ends_with, also as methods of strings, and percent_of. What is left pays by what it
// does (lua_metering.h).
#pragma once

#include "rules/lua_call.h"

namespace gateway::rules {

// Pushes a table with everything, libraries in tables that scripts cannot change. Replaces the
// metatable of strings. Not in protected mode: for a new state only.
void PushLibrary(lua_State* state);

// Pushes a value that reads through `index` (a C function, with the value and a key as arguments)
// and refuses to be written to.
void PushReadOnly(lua_State* state, lua_CFunction index);

}  // namespace gateway::rules
