#include "rules/lua_library.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <re2/re2.h>

#include "base/stable_hash.h"

namespace gateway::rules {
namespace {

constexpr std::int64_t kCompileCost = 2000;
constexpr int kMaxCaptures = 9;

std::string_view TextArgument(lua_State* state, int index) {
  std::size_t size = 0;
  const char* text = luaL_checklstring(state, index, &size);
  return {text, size};
}

std::int64_t CostOf(std::string_view text) {
  return 4 + static_cast<std::int64_t>(text.size() / 32);
}

// Calls the library function in the first upvalue after taking what it costs: these run in C,
// where no instruction is counted.
int Metered(lua_State* state) {
  std::int64_t cost = 1;
  for (int i = 1; i <= lua_gettop(state); ++i) {
    const auto size = static_cast<std::int64_t>(lua_rawlen(state, i));
    cost += lua_type(state, i) == LUA_TTABLE ? size : size / 32;
  }
  Spend(state, cost);
  return lua_tocfunction(state, lua_upvalueindex(1))(state);
}

// matches(text, regex): nil, or what the groups of the expression caught, or the whole match.
int Matches(lua_State* state) {
  const auto text = TextArgument(state, 1);
  const auto pattern = TextArgument(state, 2);
  Spend(state, CostOf(text));
  bool compiled = false;
  const auto& regex = CallOf(state).regexes.Get(pattern, compiled);
  if (compiled) Spend(state, kCompileCost);
  if (!regex.ok()) {
    return luaL_error(state, "bad regular expression '%s': %s", pattern.data(),
                      regex.error().c_str());
  }
  std::array<re2::StringPiece, kMaxCaptures + 1> found;
  const int captures = std::min(regex.NumberOfCapturingGroups(), kMaxCaptures);
  if (!regex.Match({text.data(), text.size()}, 0, text.size(), re2::RE2::UNANCHORED, found.data(),
                   captures + 1)) {
    lua_pushnil(state);
    return 1;
  }
  const int first = captures == 0 ? 0 : 1;
  for (int i = first; i <= captures; ++i) {
    const auto& piece = found[static_cast<std::size_t>(i)];
    if (piece.data()) {
      lua_pushlstring(state, piece.data(), piece.size());
    } else {
      lua_pushnil(state);  // a group of a branch that was not taken
    }
  }
  return captures == 0 ? 1 : captures;
}

int Contains(lua_State* state) {
  const auto text = TextArgument(state, 1);
  const auto part = TextArgument(state, 2);
  // Worst case: a long run of one letter, searched for nearly the same.
  Spend(state, CostOf(text) + static_cast<std::int64_t>(text.size() * part.size() / 256));
  lua_pushboolean(state, text.find(part) != std::string_view::npos);
  return 1;
}

int StartsWith(lua_State* state) {
  lua_pushboolean(state, TextArgument(state, 1).starts_with(TextArgument(state, 2)));
  return 1;
}

int EndsWith(lua_State* state) {
  lua_pushboolean(state, TextArgument(state, 1).ends_with(TextArgument(state, 2)));
  return 1;
}

// percent_of(text): 0 to 99, always the same for one text: for canaries that stick to a user.
int PercentOf(lua_State* state) {
  const auto text = TextArgument(state, 1);
  Spend(state, CostOf(text));
  lua_pushinteger(state, static_cast<lua_Integer>(StableHash(text) % 100));
  return 1;
}

int RefuseWrite(lua_State* state) { return luaL_error(state, "this cannot be changed by a rule"); }

struct Library {
  const char* name;
  lua_CFunction open;
  bool metered;
  std::array<const char*, 16> members;  // up to the first null
};

constexpr Library kLibraries[] = {
    {LUA_STRLIBNAME,
     luaopen_string,
     true,
     {"byte", "char", "format", "len", "lower", "reverse", "sub", "upper"}},
    {LUA_TABLIBNAME, luaopen_table, true, {"concat", "insert", "remove", "sort", "unpack"}},
    {LUA_MATHLIBNAME,
     luaopen_math,
     false,
     {"abs", "ceil", "floor", "fmod", "huge", "max", "maxinteger", "min", "mininteger", "modf",
      "pi", "sqrt", "tointeger", "type", "ult"}},
};

constexpr std::array kBaseFunctions = {"assert", "error",    "ipairs",   "next", "pairs",
                                       "select", "tonumber", "tostring", "type"};

constexpr luaL_Reg kTextFunctions[] = {{"matches", Matches},
                                       {"contains", Contains},
                                       {"starts_with", StartsWith},
                                       {"ends_with", EndsWith}};

// Copies `name` from the table at `from` to the one at `to`.
void CopyMember(lua_State* state, int from, int to, const char* name, bool metered) {
  lua_getfield(state, from, name);
  if (metered) lua_pushcclosure(state, Metered, 1);
  lua_setfield(state, to, name);
}

// Replaces the table on the top by an empty one that reads through to it.
void Protect(lua_State* state) {
  lua_newtable(state);
  lua_newtable(state);
  lua_pushvalue(state, -3);
  lua_setfield(state, -2, "__index");
  lua_pushcfunction(state, RefuseWrite);
  lua_setfield(state, -2, "__newindex");
  lua_setmetatable(state, -2);
  lua_remove(state, -2);
}

// `text:lower()` finds its methods in the table on the top.
void SetStringMethods(lua_State* state) {
  lua_pushliteral(state, "");
  lua_newtable(state);
  lua_pushvalue(state, -3);
  lua_setfield(state, -2, "__index");
  lua_setmetatable(state, -2);
  lua_pop(state, 1);
}

void AddTextFunctions(lua_State* state, int to) {
  for (const auto& [name, function] : kTextFunctions) {
    lua_pushcfunction(state, function);
    lua_setfield(state, to, name);
  }
}

void AddLibrary(lua_State* state, int to, const Library& library) {
  lua_pushcfunction(state, library.open);
  lua_call(state, 0, 1);
  const int from = lua_gettop(state);
  lua_newtable(state);
  for (const auto* member : library.members) {
    if (!member) break;
    CopyMember(state, from, from + 1, member, library.metered);
  }
  if (library.open == luaopen_string) {
    AddTextFunctions(state, from + 1);
    SetStringMethods(state);
  }
  Protect(state);
  lua_setfield(state, to, library.name);
  lua_settop(state, from - 1);
}

}  // namespace

void PushLibrary(lua_State* state) {
  lua_newtable(state);
  const int library = lua_gettop(state);
  lua_pushcfunction(state, luaopen_base);
  lua_call(state, 0, 1);
  for (const auto* name : kBaseFunctions) CopyMember(state, library + 1, library, name, false);
  lua_pop(state, 1);
  for (const auto& part : kLibraries) AddLibrary(state, library, part);
  AddTextFunctions(state, library);
  lua_pushcfunction(state, PercentOf);
  lua_setfield(state, library, "percent_of");
  // What the openers left in the registry's table of globals is out of every script's reach, but
  // nothing needs it either.
  lua_newtable(state);
  lua_rawseti(state, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}

void PushReadOnly(lua_State* state, lua_CFunction index) {
  lua_newuserdatauv(state, 0, 0);
  lua_newtable(state);
  lua_pushcfunction(state, index);
  lua_setfield(state, -2, "__index");
  lua_pushcfunction(state, RefuseWrite);
  lua_setfield(state, -2, "__newindex");
  lua_setmetatable(state, -2);
}

}  // namespace gateway::rules
