// The names of the classes of statements, for rooms that do not read SQL but talk of it.
//
// Source: io.trino.sql.tree.*; what they mean is the business of the room sql.
#pragma once

#include <string_view>

namespace gateway {

// "AddColumn", "Analyze", ..., "Query", ..., "Use", in alphabetical order.
inline constexpr std::string_view kStatementClassNames[] = {
#define STATEMENT(name, category) #name,
#include "base/statement_classes.def"
#undef STATEMENT
};

}  // namespace gateway
