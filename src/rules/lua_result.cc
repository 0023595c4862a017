#include "rules/lua_result.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"

namespace gateway::rules {
namespace {

constexpr std::string_view kAllowed =
    "a rule returns nil, a group id, a list of group ids, or a table with groups, headers, reject "
    "or source";
constexpr int kStackSlots = 16;

std::unexpected<Error> Bad(std::string_view what) {
  return Fail(ErrorCode::kInvalidArgument, fmt::format("the rule returned {}; {}", what, kAllowed));
}

// Of a value that is a string; lua_tolstring would turn numbers into strings in place.
std::string_view TextAt(lua_State* state, int index) {
  std::size_t size = 0;
  const char* text = lua_tolstring(state, index, &size);
  return {text, size};
}

std::string_view TypeAt(lua_State* state, int index) {
  return lua_typename(state, lua_type(state, index));
}

bool IsText(lua_State* state, int index) { return lua_type(state, index) == LUA_TSTRING; }

// Calls `visit`, which returns Expected<void>, with key and value at -2 and -1 for each member of
// the table at `index`, up to the first failure.
template <typename Visit>
Expected<void> ForEachMember(lua_State* state, int index, Visit visit) {
  const int table = lua_absindex(state, index);
  lua_pushnil(state);
  while (lua_next(state, table) != 0) {
    if (auto visited = visit(); !visited) {
      lua_pop(state, 2);
      return visited;
    }
    lua_pop(state, 1);
  }
  return {};
}

Expected<void> AddGroup(lua_State* state, int index, Decision& decision) {
  if (!IsText(state, index)) {
    return Bad(fmt::format("a {} where a group id is expected", TypeAt(state, index)));
  }
  const auto id = TextAt(state, index);
  if (!IsValidId(id)) {
    return Bad(fmt::format("'{}', which is no group id ({})", id.substr(0, 80), kIdRule));
  }
  if (decision.groups.size() == kMaxGroups) {
    return Bad(fmt::format("more than {} groups", kMaxGroups));
  }
  decision.groups.emplace_back(id);
  return {};
}

// An id, or a list of them in the order of their indices.
Expected<void> ReadGroups(lua_State* state, int index, Decision& decision) {
  if (lua_type(state, index) != LUA_TTABLE) return AddGroup(state, index, decision);
  const int table = lua_absindex(state, index);
  const auto size = static_cast<lua_Integer>(lua_rawlen(state, table));
  for (lua_Integer i = 1; i <= size; ++i) {
    lua_rawgeti(state, table, i);
    auto added = AddGroup(state, -1, decision);
    lua_pop(state, 1);
    if (!added) return added;
  }
  return {};
}

Expected<void> AddHeader(std::string_view name, const std::string* value, Decision& decision) {
  if (decision.headers.size() == kMaxHeaderActions) {
    return Bad(fmt::format("more than {} changes of headers", kMaxHeaderActions));
  }
  if (auto checked = CheckHeaderAction(name, value); !checked) return checked;
  decision.headers.push_back({std::string(name), value ? std::optional(*value) : std::nullopt});
  return {};
}

Expected<void> ReadSet(lua_State* state, int index, Decision& decision) {
  if (lua_type(state, index) != LUA_TTABLE) return Bad("headers.set that is no table");
  return ForEachMember(state, index, [&]() -> Expected<void> {
    if (!IsText(state, -2) || !IsText(state, -1)) {
      return Bad("headers.set with something else than strings");
    }
    const std::string value(TextAt(state, -1));
    return AddHeader(TextAt(state, -2), &value, decision);
  });
}

Expected<void> ReadRemove(lua_State* state, int index, Decision& decision) {
  if (lua_type(state, index) != LUA_TTABLE) return Bad("headers.remove that is no list");
  return ForEachMember(state, index, [&]() -> Expected<void> {
    if (lua_type(state, -2) != LUA_TNUMBER || !IsText(state, -1)) {
      return Bad("headers.remove with something else than names");
    }
    return AddHeader(TextAt(state, -1), nullptr, decision);
  });
}

Expected<void> ReadHeaders(lua_State* state, int index, Decision& decision) {
  if (lua_type(state, index) != LUA_TTABLE) return Bad("headers that are no table");
  auto read = ForEachMember(state, index, [&]() -> Expected<void> {
    const auto key = IsText(state, -2) ? TextAt(state, -2) : std::string_view();
    if (key == "set") return ReadSet(state, -1, decision);
    if (key == "remove") return ReadRemove(state, -1, decision);
    return Bad(fmt::format("headers with '{}'; they have: set, remove", key));
  });
  // A Lua table has no order of its own, and the same rule shall always send the same head.
  std::ranges::sort(decision.headers, [](const auto& a, const auto& b) {
    return std::pair(a.value.has_value(), std::string_view(a.name)) <
           std::pair(b.value.has_value(), std::string_view(b.name));
  });
  return read;
}

Expected<void> ReadMessage(lua_State* state, std::string_view name, std::string& message) {
  if (!IsText(state, -1) || TextAt(state, -1).empty()) {
    return Bad(fmt::format("{} that is no text", name));
  }
  const auto text = TextAt(state, -1);
  if (text.size() > kMaxMessageBytes) {
    return Bad(fmt::format("{} of more than {} bytes", name, kMaxMessageBytes));
  }
  message = text;
  return {};
}

Expected<void> ReadSource(lua_State* state, Decision& decision) {
  if (auto read = ReadMessage(state, "source", decision.source); !read) return read;
  return CheckHeaderAction("X-Trino-Source", &decision.source);
}

Expected<void> ReadTable(lua_State* state, int index, Decision& decision) {
  if (lua_rawlen(state, index) > 0) return ReadGroups(state, index, decision);
  return ForEachMember(state, index, [&]() -> Expected<void> {
    const auto key = IsText(state, -2) ? TextAt(state, -2) : std::string_view();
    if (key == "groups") return ReadGroups(state, -1, decision);
    if (key == "headers") return ReadHeaders(state, -1, decision);
    if (key == "reject") return ReadMessage(state, key, decision.reject);
    if (key == "source") return ReadSource(state, decision);
    return Bad(fmt::format("a table with '{}'", key.empty() ? TypeAt(state, -2) : key));
  });
}

}  // namespace

Expected<Decision> ReadResult(lua_State* state) {
  Decision decision;
  if (lua_checkstack(state, kStackSlots) == 0) return Bad("something too deep");
  Expected<void> read;
  switch (lua_type(state, -1)) {
    case LUA_TNIL:
      return decision;
    case LUA_TSTRING:
      read = AddGroup(state, -1, decision);
      break;
    case LUA_TTABLE:
      read = ReadTable(state, lua_absindex(state, -1), decision);
      break;
    default:
      return Bad(fmt::format("a {}", TypeAt(state, -1)));
  }
  if (!read) return std::unexpected(std::move(read).error());
  return decision;
}

}  // namespace gateway::rules
