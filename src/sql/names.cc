#include "sql/names.h"

#include <algorithm>

#include "sql/hash.h"
#include "sql/text.h"

namespace gateway::sql {
namespace {

std::size_t HashOfValue(std::string_view value) { return HashOf(value); }
std::size_t HashOfValue(const SchemaName& name) {
  return HashOf(name.schema, HashOf(name.catalog));
}
std::size_t HashOfValue(const TableName& name) {
  return HashOf(name.excess, HashOf(name.table, HashOf(name.schema, HashOf(name.catalog))));
}

std::string_view Join(std::span<const std::string_view> parts, Arena& arena) {
  if (parts.size() == 1) return parts.front();
  std::size_t size = parts.size() - 1;
  for (const auto part : parts) size += part.size();
  char* const begin = arena.Allocate(size);
  char* to = begin;
  for (const auto part : parts) {
    if (to != begin) *to++ = '.';
    to = std::ranges::copy(part, to).out;
  }
  return {begin, size};
}

}  // namespace

template <typename T>
std::size_t OrderedSet<T>::Hash::operator()(const T& value) const {
  return HashOfValue(value);
}

template <typename T>
bool OrderedSet<T>::Add(const T& value) {
  if (values_.size() < kFew) {
    if (std::ranges::find(values_, value) != values_.end()) return false;
  } else {
    if (index_.empty()) index_.insert(values_.begin(), values_.end());
    if (!index_.insert(value).second) return false;
  }
  values_.push_back(value);
  return true;
}

template <typename T>
void OrderedSet<T>::Clear() {
  values_.clear();
  if (!index_.empty()) index_ = {};
}

void Names::Reset(std::optional<std::string_view> catalog, std::optional<std::string_view> schema) {
  Clear();
  arena_.Reset();
  catalog_ = catalog ? std::optional(Lower(*catalog, arena_)) : std::nullopt;
  schema_ = schema ? std::optional(Lower(*schema, arena_)) : std::nullopt;
}

void Names::Clear() {
  scope_.Leave(0);
  tables_.Clear();
  schemas_.Clear();
  catalogs_.Clear();
  touched_schemas_.Clear();
  touched_catalogs_.Clear();
  unresolved_ = false;
}

TableName Names::Resolve(std::span<const std::string_view> parts) {
  const auto n = parts.size();
  TableName name{.catalog = catalog_.value_or(""), .schema = schema_.value_or("")};
  if ((n < 3 && !catalog_) || (n < 2 && !schema_) || n > 3) unresolved_ = true;
  if (n >= 3) name.catalog = parts[0];
  if (n >= 2) name.schema = parts[n == 2 ? 0 : 1];
  name.table = parts[std::min<std::size_t>(n, 3) - 1];
  if (n > 3) name.excess = Join(parts.subspan(3), arena_);
  return name;
}

void Names::TouchSchema(std::span<const std::string_view> parts) {
  if (parts.empty() || parts.size() > 2) return;
  const auto catalog = parts.size() == 2 ? parts.front() : catalog_.value_or("");
  if (catalog.empty()) return;
  touched_catalogs_.Add(catalog);
  touched_schemas_.Add(SchemaName{catalog, parts.back()});
}

void Names::TouchRoutine(std::span<const std::string_view> parts) {
  if (parts.size() > 1) TouchSchema(parts.first(parts.size() - 1));
}

void Names::AddTable(std::span<const std::string_view> parts) { Add(Resolve(parts)); }

void Names::AddRenamed(const TableName& source, std::span<const std::string_view> parts) {
  if (parts.size() > 2) return AddTable(parts);
  Add(TableName{.catalog = source.catalog,
                .schema = parts.size() == 2 ? parts.front() : source.schema,
                .table = parts.back()});
}

void Names::Add(const TableName& name) {
  if (!tables_.Add(name)) return;
  if (!name.schema.empty() && name.excess.empty()) {
    Add(SchemaName{name.catalog, name.schema});
  } else if (!name.catalog.empty()) {
    catalogs_.Add(name.catalog);
  }
}

void Names::AddTableOrWith(std::span<const std::string_view> parts) {
  if (parts.size() == 1 && scope_.Contains(parts.front())) return;
  AddTable(parts);
}

void Names::AddSchema(std::span<const std::string_view> parts) {
  if (parts.size() > 2) return;
  if (parts.size() == 1 && !catalog_) unresolved_ = true;
  Add(SchemaName{parts.size() == 2 ? parts[0] : catalog_.value_or(""), parts.back()});
}

void Names::AddSibling(std::span<const std::string_view> parts, std::string_view name) {
  if (parts.size() > 2) return;
  Add(SchemaName{parts.size() == 2 ? parts[0] : catalog_.value_or(""), name});
}

void Names::AddDefaultSchema() {
  if (!catalog_ || !schema_) unresolved_ = true;
  if (schema_) {
    Add(SchemaName{catalog_.value_or(""), *schema_});
  } else {
    AddDefaultCatalog();
  }
}

void Names::AddCatalog(std::string_view catalog) { catalogs_.Add(catalog); }

void Names::AddDefaultCatalog() {
  if (catalog_) {
    catalogs_.Add(*catalog_);
  } else {
    unresolved_ = true;
  }
}

void Names::Add(const SchemaName& name) {
  if (!name.catalog.empty()) catalogs_.Add(name.catalog);
  schemas_.Add(name);
}

}  // namespace gateway::sql
