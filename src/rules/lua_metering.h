// What library functions that run in C cost: the hook that counts instructions does not see them.
//
// Threads: as LuaState.
#pragma once

#include <cstdint>
#include <string_view>

#include "rules/lua_call.h"

namespace gateway::rules {

// What tells the price of a call before it is made. All pay for what they return besides.
enum class Price : std::uint8_t {
  kNothing,  // takes a moment, or as long as what it returns: sub, byte, unpack
  kText,     // its texts are read: lower, format
  kTable,    // its table may be gone through, or moved as a whole: concat, insert
  kSort,     // its table is compared over and over: sort
};

// Replaces the C function on the top of the stack, which has no upvalues, by one that takes the
// price of each call from the budget.
void Meter(lua_State* state, Price price);

// The price of reading `text` once.
std::int64_t CostOf(std::string_view text);

}  // namespace gateway::rules
