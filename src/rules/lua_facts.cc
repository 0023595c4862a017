#include "rules/lua_facts.h"

#include <algorithm>
#include <string_view>

#include "base/strings.h"
#include "rules/lua_library.h"
#include "rules/lua_metering.h"

namespace gateway::rules {
namespace {

constexpr int kHeadersUpvalue = 1;

std::string_view KeyArgument(lua_State* state) {
  std::size_t size = 0;
  const char* text = lua_type(state, 2) == LUA_TSTRING ? lua_tolstring(state, 2, &size) : nullptr;
  return {text ? text : "", size};
}

int Push(lua_State* state, std::string_view text) {
  lua_pushlstring(state, text.data(), text.size());
  return 1;
}

template <typename Texts>
int PushList(lua_State* state, const Texts& texts) {
  Spend(state, static_cast<std::int64_t>(texts.size()));
  lua_createtable(state, static_cast<int>(texts.size()), 0);
  lua_Integer index = 0;
  for (const std::string_view text : texts) {
    Push(state, text);
    lua_rawseti(state, -2, ++index);
  }
  return 1;
}

// The trimmed elements of X-Trino-Client-Tags.
int PushTags(lua_State* state, std::string_view tags) {
  Spend(state, CostOf(tags));
  lua_newtable(state);
  lua_Integer index = 0;
  while (!tags.empty()) {
    const auto end = std::min(tags.find(','), tags.size());
    if (const auto tag = Trim(tags.substr(0, end)); !tag.empty()) {
      Push(state, tag);
      lua_rawseti(state, -2, ++index);
    }
    tags.remove_prefix(std::min(end + 1, tags.size()));
  }
  return 1;
}

int IndexHeaders(lua_State* state) {
  const auto& facts = *CallOf(state).facts;
  Spend(state, static_cast<std::int64_t>(facts.headers().size()) / 2);
  const auto value = facts.Header(KeyArgument(state));
  if (!value) return 0;
  return Push(state, *value);
}

int IndexRequest(lua_State* state) {
  const auto key = KeyArgument(state);
  if (key == "headers") {
    lua_pushvalue(state, lua_upvalueindex(kHeadersUpvalue));
    return 1;
  }
  const auto& request = CallOf(state).facts->request();
  if (key == "user") return Push(state, request.user);
  if (key == "source") return Push(state, request.source);
  if (key == "tags") return PushTags(state, request.client_tags);
  if (key == "client_address") return Push(state, request.client_address);
  if (key == "host") return Push(state, request.host);
  if (key == "port") {
    lua_pushinteger(state, request.port);
    return 1;
  }
  return luaL_error(state,
                    "request has no field '%s'; it has: user, source, tags, headers, "
                    "client_address, host, port",
                    key.data());
}

int PushText(lua_State* state, const LuaCall& call) {
  if (!call.text_allowed) return 0;
  return Push(state, call.facts->text());
}

int IndexQuery(lua_State* state) {
  const auto key = KeyArgument(state);
  auto& call = CallOf(state);
  if (key == "text") return PushText(state, call);
  if (key == "text_size") {
    lua_pushinteger(state, static_cast<lua_Integer>(call.facts->request().text_bytes));
    return 1;
  }
  const auto& statement = call.facts->statement();
  if (key == "type") return Push(state, statement.type);
  if (key == "category") return Push(state, statement.category);
  if (key == "tables") return PushList(state, statement.tables);
  if (key == "schemas") return PushList(state, statement.catalog_schemas);
  if (key == "catalogs") return PushList(state, statement.catalogs);
  if (key == "read_only") {
    if (!statement.read_only) return 0;
    lua_pushboolean(state, *statement.read_only);
    return 1;
  }
  return luaL_error(state,
                    "query has no field '%s'; it has: type, category, read_only, tables, schemas, "
                    "catalogs, text_size, text",
                    key.data());
}

void PushGroup(lua_State* state, const GroupFacts& group) {
  lua_createtable(state, 0, 3);
  lua_pushinteger(state, group.members);
  lua_setfield(state, -2, "members");
  lua_pushinteger(state, group.healthy);
  lua_setfield(state, -2, "healthy");
  lua_pushnumber(state, group.load);
  lua_setfield(state, -2, "load");
}

int IndexGroups(lua_State* state) {
  const auto group = CallOf(state).groups->Find(KeyArgument(state));
  if (!group) return 0;
  Spend(state, group->members);
  PushGroup(state, *group);
  return 1;
}

// pairs(groups): next, a table of all, nil.
int PairsOfGroups(lua_State* state) {
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_newtable(state);
  CallOf(state).groups->ForEach([state](std::string_view id, const GroupFacts& group) {
    Spend(state, 1 + group.members);
    Push(state, id);
    PushGroup(state, group);
    lua_rawset(state, -3);
  });
  lua_pushnil(state);
  return 3;
}

void AddGroups(lua_State* state) {
  PushReadOnly(state, IndexGroups);
  lua_getmetatable(state, -1);
  lua_getfield(state, -3, "next");
  lua_pushcclosure(state, PairsOfGroups, 1);
  lua_setfield(state, -2, "__pairs");
  lua_pop(state, 1);
  lua_setfield(state, -2, "groups");
}

void AddRequest(lua_State* state) {
  PushReadOnly(state, IndexRequest);
  lua_getmetatable(state, -1);
  PushReadOnly(state, IndexHeaders);
  lua_pushcclosure(state, IndexRequest, 1);
  lua_setfield(state, -2, "__index");
  lua_pop(state, 1);
  lua_setfield(state, -2, "request");
}

}  // namespace

void AddFacts(lua_State* state) {
  AddRequest(state);
  PushReadOnly(state, IndexQuery);
  lua_setfield(state, -2, "query");
  AddGroups(state);
}

}  // namespace gateway::rules
