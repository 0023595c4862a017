#include "sql/statement_class.h"

#include <gtest/gtest.h>

namespace gateway::sql {
namespace {

TEST(StatementClass, IsFoundByTheNameThatItHas) {
  for (int i = 1; i <= static_cast<int>(StatementClass::kUse); ++i) {
    const auto statement = static_cast<StatementClass>(i);
    SCOPED_TRACE(NameOf(statement));
    EXPECT_EQ(StatementClassOf(NameOf(statement)), statement);
  }
  EXPECT_EQ(StatementClassOf("createtableasselect"), StatementClass::kCreateTableAsSelect);
  EXPECT_EQ(StatementClassOf(""), std::nullopt);
  EXPECT_EQ(StatementClassOf("Select"), std::nullopt);
}

TEST(Category, IsFoundByTheNameThatItHas) {
  for (int i = 1; i <= static_cast<int>(Category::kUnknown); ++i) {
    const auto category = static_cast<Category>(i);
    SCOPED_TRACE(NameOf(category));
    EXPECT_EQ(CategoryOf(NameOf(category)), category);
  }
  EXPECT_EQ(CategoryOf("alter_table_execute"), Category::kAlterTableExecute);
  EXPECT_EQ(CategoryOf(""), std::nullopt);
}

}  // namespace
}  // namespace gateway::sql
