#include "rules/lua_library.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include <re2/re2.h>

#include "base/stable_hash.h"
#include "rules/lua_metering.h"

namespace gateway::rules {
namespace {

constexpr std::int64_t kCompileCost = 2000;
constexpr int kMaxCaptures = 9;
constexpr std::size_t kMaxPatternBytes = 4096;
// Bytes of text times instructions of the expression. Nearly all expressions take a nanosecond or
// two for each byte, whatever their length. Where RE2 runs out of memory for its automaton a step
// takes some 7 ns, and nothing ends a match on the way: hence the maximum, far above what is usual.
constexpr std::size_t kMatchStepsPerInstruction = 2048;
constexpr std::size_t kMaxMatchSteps = 512 * 1024 * 1024;

std::string_view TextArgument(lua_State* state, int index) {
  std::size_t size = 0;
  const char* text = luaL_checklstring(state, index, &size);
  return {text, size};
}

// Bytes of text that `regex` may be asked about.
std::size_t LongestText(const re2::RE2& regex) {
  return kMaxMatchSteps / static_cast<std::size_t>(std::max(regex.ProgramSize(), 1));
}

// The compiled expression, paid for; does not return when it cannot be used on `text`.
const re2::RE2& RegexFor(lua_State* state, std::string_view pattern, std::string_view text) {
  if (pattern.size() > kMaxPatternBytes) {
    luaL_error(state, "a regular expression of more than %d bytes",
               static_cast<int>(kMaxPatternBytes));
  }
  bool compiled = false;
  const auto& regex = CallOf(state).regexes.Get(pattern, compiled);
  if (compiled) Spend(state, kCompileCost + static_cast<std::int64_t>(pattern.size()) * 8);
  if (!regex.ok()) {
    luaL_error(state, "bad regular expression '%s': %s", pattern.data(), regex.error().c_str());
  }
  if (text.size() > LongestText(regex)) {
    luaL_error(state, "a text of more than %I bytes is too long for the regular expression '%s'",
               static_cast<lua_Integer>(LongestText(regex)), pattern.data());
  }
  const auto steps = text.size() * static_cast<std::size_t>(regex.ProgramSize());
  Spend(state, CostOf(text) + static_cast<std::int64_t>(steps / kMatchStepsPerInstruction));
  return regex;
}

// matches(text, regex): nil, or what the groups of the expression caught, or the whole match.
int Matches(lua_State* state) {
  const auto text = TextArgument(state, 1);
  const auto pattern = TextArgument(state, 2);
  const auto& regex = RegexFor(state, pattern, text);
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
  Spend(state, CostOf(text) + static_cast<std::int64_t>(text.size() * part.size() / 1024));
  lua_pushboolean(state, text.find(part) != std::string_view::npos);
  return 1;
}

int StartsWith(lua_State* state) {
  const auto start = TextArgument(state, 2);
  Spend(state, CostOf(start));
  lua_pushboolean(state, TextArgument(state, 1).starts_with(start));
  return 1;
}

int EndsWith(lua_State* state) {
  const auto end = TextArgument(state, 2);
  Spend(state, CostOf(end));
  lua_pushboolean(state, TextArgument(state, 1).ends_with(end));
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

struct Member {
  const char* name = nullptr;
  std::optional<Price> price{};  // nothing: as good as an instruction, whatever it is given
};

struct Library {
  const char* name;
  lua_CFunction open;
  std::array<Member, 16> members;  // up to the first without a name
};

constexpr Library kLibraries[] = {
    {LUA_STRLIBNAME,
     luaopen_string,
     {{{"byte", Price::kNothing},
       {"char", Price::kNothing},
       {"format", Price::kText},
       {"len"},
       {"lower", Price::kText},
       {"reverse", Price::kText},
       {"sub", Price::kNothing},
       {"upper", Price::kText}}}},
    {LUA_TABLIBNAME,
     luaopen_table,
     {{{"concat", Price::kTable},
       {"insert", Price::kTable},
       {"remove", Price::kTable},
       {"sort", Price::kSort},
       {"unpack", Price::kNothing}}}},
    {LUA_MATHLIBNAME,
     luaopen_math,
     {{{"abs"},
       {"ceil"},
       {"floor"},
       {"fmod"},
       {"huge"},
       {"max"},
       {"maxinteger"},
       {"min"},
       {"mininteger"},
       {"modf"},
       {"pi"},
       {"sqrt"},
       {"tointeger"},
       {"type"},
       {"ult"}}}},
};

constexpr std::array kBaseFunctions = {Member{"assert"},
                                       Member{"error"},
                                       Member{"ipairs"},
                                       Member{"next"},
                                       Member{"pairs"},
                                       Member{"select", Price::kNothing},
                                       Member{"tonumber", Price::kText},
                                       Member{"tostring"},
                                       Member{"type"}};

constexpr luaL_Reg kTextFunctions[] = {{"matches", Matches},
                                       {"contains", Contains},
                                       {"starts_with", StartsWith},
                                       {"ends_with", EndsWith}};

// Copies `member` from the table at `from` to the one at `to`.
void CopyMember(lua_State* state, int from, int to, const Member& member) {
  lua_getfield(state, from, member.name);
  if (member.price) Meter(state, *member.price);
  lua_setfield(state, to, member.name);
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
  for (const auto& member : library.members) {
    if (!member.name) break;
    CopyMember(state, from, from + 1, member);
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
  for (const auto& member : kBaseFunctions) CopyMember(state, library + 1, library, member);
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
