#include "rules/lua_metering.h"

#include <bit>

namespace gateway::rules {
namespace {

constexpr std::int64_t kBytesPerInstruction = 32;  // of copying, comparing or changing them

std::int64_t SizeAt(lua_State* state, int index) {
  return static_cast<std::int64_t>(lua_rawlen(state, index));
}

// Bytes of all strings from stack index `first` to the top.
std::int64_t TextBytes(lua_State* state, int first) {
  std::int64_t bytes = 0;
  for (int i = first; i <= lua_gettop(state); ++i) {
    if (lua_type(state, i) == LUA_TSTRING) bytes += SizeAt(state, i);
  }
  return bytes;
}

// Each comparison may read two texts to their ends, and the same long text may be in the table any
// number of times.
std::int64_t PriceOfSort(lua_State* state) {
  const auto size = SizeAt(state, 1);
  Spend(state, size);
  std::int64_t bytes = 0;
  for (std::int64_t i = 1; i <= size; ++i) {
    if (lua_rawgeti(state, 1, i) == LUA_TSTRING) bytes += SizeAt(state, -1);
    lua_pop(state, 1);
  }
  const auto rounds = static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(size)));
  return (size + bytes / kBytesPerInstruction) * rounds;
}

template <Price kPrice>
std::int64_t PriceOf(lua_State* state) {
  if (kPrice == Price::kText) return 1 + TextBytes(state, 1) / kBytesPerInstruction;
  if (kPrice == Price::kNothing || lua_type(state, 1) != LUA_TTABLE) return 1;
  return 1 + (kPrice == Price::kSort ? PriceOfSort(state) : SizeAt(state, 1));
}

template <Price kPrice>
int Metered(lua_State* state) {
  Spend(state, PriceOf<kPrice>(state));
  const int results = lua_tocfunction(state, lua_upvalueindex(1))(state);
  const auto bytes = TextBytes(state, lua_gettop(state) - results + 1);
  if (const auto cost = results - 1 + bytes / kBytesPerInstruction; cost > 0) Spend(state, cost);
  return results;
}

lua_CFunction MeteredBy(Price price) {
  switch (price) {
    case Price::kNothing:
      return Metered<Price::kNothing>;
    case Price::kText:
      return Metered<Price::kText>;
    case Price::kTable:
      return Metered<Price::kTable>;
    case Price::kSort:
      return Metered<Price::kSort>;
  }
  return nullptr;
}

}  // namespace

void Meter(lua_State* state, Price price) { lua_pushcclosure(state, MeteredBy(price), 1); }

std::int64_t CostOf(std::string_view text) {
  return 4 + static_cast<std::int64_t>(text.size()) / kBytesPerInstruction;
}

}  // namespace gateway::rules
