// The globals `request`, `query` and `groups` of a rule.
//
//   request.user, .source, .tags (list), .client_address, .host, .port
//   request.headers["X-Trino-Catalog"]     any case; nil when there is none
//   query.type, .category, .read_only (nil: unknown), .tables, .schemas, .catalogs, .text_size
//   query.text                             nil unless the rule was allowed to see it
//   groups.adhoc.healthy, .members, .load  nil for no such group; pairs(groups) goes over all
// They read what LuaCall points to at that moment, so they are made once for each state. A name
// that does not exist is an error: it is a typing mistake.
#pragma once

#include "rules/lua_call.h"

namespace gateway::rules {

// Sets the three in the table on the top of the stack.
void AddFacts(lua_State* state);

}  // namespace gateway::rules
