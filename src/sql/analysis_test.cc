#include "sql/analysis.h"

#include <gtest/gtest.h>

namespace gateway::sql {
namespace {

TEST(Analyze, NamesTheTablesOfAQuery) {
  const auto analysis = Analyze("SELECT * FROM t", {.catalog = "c", .schema = "s"});
  ASSERT_EQ(analysis.tables().size(), 1U);
  EXPECT_EQ(analysis.tables()[0], (TableName{"c", "s", "t", ""}));
}

}  // namespace
}  // namespace gateway::sql
