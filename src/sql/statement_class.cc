#include "sql/statement_class.h"

#include <cstddef>

#include "base/strings.h"

namespace gateway::sql {
namespace {

constexpr std::string_view kStatements[] = {
    "",
#define STATEMENT(name, category) #name,
#include "base/statement_classes.def"
#undef STATEMENT
};

constexpr Category kCategoryOfStatement[] = {
    Category::kNone,
#define STATEMENT(name, category) Category::category,
#include "base/statement_classes.def"
#undef STATEMENT
};

constexpr std::string_view kCategories[] = {
    "",
    "SELECT",
    "EXPLAIN",
    "DESCRIBE",
    "INSERT",
    "UPDATE",
    "DELETE",
    "MERGE",
    "ANALYZE",
    "ALTER_TABLE_EXECUTE",
    "DATA_DEFINITION",
    "UNKNOWN",
};

template <typename Enum, std::size_t kSize>
std::optional<Enum> Find(const std::string_view (&names)[kSize], std::string_view name) {
  for (std::size_t i = 1; i < kSize; ++i) {
    if (EqualsIgnoreCase(names[i], name)) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view NameOf(StatementClass statement) {
  return kStatements[static_cast<std::size_t>(statement)];
}

std::string_view NameOf(Category category) {
  return kCategories[static_cast<std::size_t>(category)];
}

std::optional<StatementClass> StatementClassOf(std::string_view name) {
  return Find<StatementClass>(kStatements, name);
}

std::optional<Category> CategoryOf(std::string_view name) {
  return Find<Category>(kCategories, name);
}

Category CategoryOf(StatementClass statement) {
  return kCategoryOfStatement[static_cast<std::size_t>(statement)];
}

std::optional<bool> IsReadOnly(Category category) {
  switch (category) {
    case Category::kNone:
    case Category::kUnknown:
      return std::nullopt;
    case Category::kSelect:
    case Category::kExplain:
    case Category::kDescribe:
      return true;
    default:
      return false;
  }
}

}  // namespace gateway::sql
