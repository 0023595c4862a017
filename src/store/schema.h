// The SQL of each migration, in the subset that SQLite, PostgreSQL and MySQL share; dialect.h says
// what is added to it for each.
//
// Private to this room. Times are milliseconds since 1970 UTC, flags are 0 or 1, enums are the
// names of model/configuration.h. A step that was released is never edited: add another.
#pragma once

#include <span>
#include <string_view>

namespace gateway::store {

struct Migration {
  int version;
  std::string_view name;
  std::span<const std::string_view> up;    // one statement each
  std::span<const std::string_view> down;  // takes `up` back
};

// Ordered by version, without gaps, from 1.
std::span<const Migration> Migrations();

}  // namespace gateway::store
