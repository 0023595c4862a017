// The names that a statement uses, resolved against its session: each once, in lower case.
//
// Threads: not synchronised. Cost: constant for each name, also with many of them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "sql/arena.h"
#include "sql/with_scope.h"

namespace gateway::sql {

// In lower case, as Trino resolves names. An empty catalog or schema is a default that the session
// lacks.
struct TableName {
  std::string_view catalog;
  std::string_view schema;
  std::string_view table;
  // What follows the third part, points between its parts: such a name never resolves. Mostly
  // empty.
  std::string_view excess;

  bool operator==(const TableName&) const = default;
};

struct SchemaName {
  std::string_view catalog;
  std::string_view schema;

  bool operator==(const SchemaName&) const = default;
};

// Elements in the order in which they came, each once.
template <typename T>
class OrderedSet {
 public:
  // Whether `value` is new.
  bool Add(const T& value);
  void Clear();
  const std::vector<T>& values() const { return values_; }

 private:
  // As long as there are few, comparing with all of them is faster.
  static constexpr std::size_t kFew = 16;

  struct Hash {
    std::size_t operator()(const T& value) const;
  };

  std::vector<T> values_;
  std::unordered_set<T, Hash> index_;  // empty with few values
};

class Names {
 public:
  // Forgets all names and takes the session's defaults, which are used until the next Reset().
  void Reset(std::optional<std::string_view> catalog, std::optional<std::string_view> schema);
  // Forgets the names found so far, but not the defaults, nor what is in the arena.
  void Clear();

  // `parts` are in the arena and in lower case; they are of one to any number.
  void AddTable(std::span<const std::string_view> parts);
  // The same, but nothing if it is the name of a WITH that can be seen here.
  void AddTableOrWith(std::span<const std::string_view> parts);
  // The new name of `source`, with which it shares the parts that it lacks.
  void AddRenamed(const TableName& source, std::span<const std::string_view> parts);
  // A schema, as in CREATE SCHEMA; more than two parts name none.
  void AddSchema(std::span<const std::string_view> parts);
  // The schema `name` beside the one that `parts` name.
  void AddSibling(std::span<const std::string_view> parts, std::string_view name);
  void AddDefaultSchema();
  void AddCatalog(std::string_view catalog);
  void AddDefaultCatalog();
  // Defaults filled in, as a procedure's name is resolved. Nothing is added.
  TableName Resolve(std::span<const std::string_view> parts);

  // What a statement touches beside tables and schemas: the catalog and schema of a function or a
  // procedure, of USE, the catalog of a session property or a role. For routing only.
  void TouchCatalog(std::string_view catalog) { touched_catalogs_.Add(catalog); }
  // `parts` name a schema, the catalog maybe left out; more than two name none.
  void TouchSchema(std::span<const std::string_view> parts);
  // `parts` name a function or procedure. A single name is looked up in the session's path, so it
  // tells nothing.
  void TouchRoutine(std::span<const std::string_view> parts);

  const std::vector<TableName>& tables() const { return tables_.values(); }
  const std::vector<SchemaName>& schemas() const { return schemas_.values(); }
  const std::vector<std::string_view>& catalogs() const { return catalogs_.values(); }
  // Each once, in lower case, without a default where the session lacks that; they may be among
  // catalogs() and schemas(), too.
  const std::vector<std::string_view>& touched_catalogs() const {
    return touched_catalogs_.values();
  }
  const std::vector<SchemaName>& touched_schemas() const { return touched_schemas_.values(); }
  // Did a name need a default that the session lacks, or have too many parts?
  bool unresolved() const { return unresolved_; }

  WithScope& scope() { return scope_; }
  Arena& arena() { return arena_; }

 private:
  void Add(const TableName& name);
  void Add(const SchemaName& name);

  Arena arena_;
  WithScope scope_;
  std::optional<std::string_view> catalog_;  // in lower case
  std::optional<std::string_view> schema_;
  OrderedSet<TableName> tables_;
  OrderedSet<SchemaName> schemas_;
  OrderedSet<std::string_view> catalogs_;
  OrderedSet<SchemaName> touched_schemas_;
  OrderedSet<std::string_view> touched_catalogs_;
  bool unresolved_ = false;
};

}  // namespace gateway::sql
