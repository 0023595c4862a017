// What kinds of statements there are, under the names that Trino and trino-gateway give them.
//
// Threads: pure functions. Source: io.trino.sql.tree.*, trino-gateway's TrinoQueryProperties.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gateway::sql {

// Named after the class of the statement in Trino's parser.
enum class StatementClass : std::uint8_t {
  kUnknown,  // not understood, or nothing there
#define STATEMENT(name, category) k##name,
#include "base/statement_classes.def"
#undef STATEMENT
};

enum class Category : std::uint8_t {
  kNone,  // no statement was analysed
  kSelect,
  kExplain,
  kDescribe,
  kInsert,
  kUpdate,
  kDelete,
  kMerge,
  kAnalyze,
  kAlterTableExecute,
  kDataDefinition,
  kUnknown,  // an EXECUTE inside another statement: what it does is not known
};

// "Query", "CreateTable"; empty for kUnknown. Static storage.
std::string_view NameOf(StatementClass statement);
// "SELECT", "DATA_DEFINITION"; empty for kNone. Static storage.
std::string_view NameOf(Category category);

// The class of that name, its case ignored; nothing for other names and the empty one.
std::optional<StatementClass> StatementClassOf(std::string_view name);
std::optional<Category> CategoryOf(std::string_view name);

// The category of a statement of this class; that of EXPLAIN ANALYZE is its inner statement's.
Category CategoryOf(StatementClass statement);

// Whether statements of the category leave all data and definitions as they are; nothing where
// the category does not tell.
std::optional<bool> IsReadOnly(Category category);

}  // namespace gateway::sql
