// Reads what a rule returned.
#pragma once

#include <lua.hpp>

#include "rules/decision.h"

namespace gateway::rules {

// The value on the top of the stack: nil, a group id, a list of group ids, or a table
//   {groups = ..., headers = {set = {name = value}, remove = {name, ...}}, reject = ..., source =
//   ...}
// Calls nothing of Lua that can fail, so objects with destructors are safe here; leaves the stack
// as it was. kInvalidArgument: what was returned, and what is allowed.
Expected<Decision> ReadResult(lua_State* state);

}  // namespace gateway::rules
