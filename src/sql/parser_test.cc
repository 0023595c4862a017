// What the parser reads beside the tables of a statement, and rare forms.
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sql/analysis.h"

namespace gateway::sql {
namespace {

Session HiveSession() { return {.catalog = "Hive", .schema = "Default", .prepared = {}}; }

TEST(Analyze, NamesWhatIsTouchedBesideTables) {
  struct Case {
    std::string_view sql;
    std::vector<std::string_view> catalogs;
    std::vector<SchemaName> schemas;
  };
  const Case cases[] = {
      {"SELECT * FROM TABLE(Pg.system.query(query => 'SELECT 1'))", {"pg"}, {{"pg", "system"}}},
      {"SELECT * FROM TABLE(sequence(1, 3))", {}, {}},
      {"CALL Ice.system.rollback('t')", {"ice"}, {{"ice", "system"}}},
      {"CALL system.flush()", {"hive"}, {{"hive", "system"}}},
      {"USE Web", {"hive"}, {{"hive", "web"}}},
      {"USE lake.Web", {"lake"}, {{"lake", "web"}}},
      {"SET SESSION Lake.batch = 5", {"lake"}, {}},
      {"SET SESSION query_priority = 5", {}, {}},
      {"RESET SESSION lake.batch", {"lake"}, {}},
      {"WITH SESSION lake.batch = 5 SELECT 1", {"lake"}, {}},
      {"CREATE FUNCTION lake.f.one() RETURNS int RETURN 1", {"lake"}, {{"lake", "f"}}},
      {"DROP FUNCTION lake.f.one()", {"lake"}, {{"lake", "f"}}},
      {"SHOW FUNCTIONS FROM lake.f", {"lake"}, {{"lake", "f"}}},
      {"SHOW ROLES FROM lake", {"lake"}, {}},
      {"SET ROLE admin IN lake", {"lake"}, {}},
      {"GRANT EXECUTE ON FUNCTION lake.f.one TO ada", {"lake"}, {{"lake", "f"}}},
  };
  for (const auto& [sql, catalogs, schemas] : cases) {
    SCOPED_TRACE(sql);
    const auto analysis = Analyze(sql, HiveSession());
    EXPECT_TRUE(analysis.syntax_ok());
    EXPECT_EQ(analysis.names.touched_catalogs(), catalogs);
    EXPECT_EQ(analysis.names.touched_schemas(), schemas);
  }
}

// Found by comparing with Trino's own parser on statements made at random from its grammar.
TEST(Analyze, ReadsRareFormsAsTrinoDoes) {
  const std::pair<std::string_view, bool> cases[] = {
      {"SELECT TRY_CAST(NOT a AS varchar)", true},
      {"SELECT TRY_CAST(NOT a LIKE 'b' OR c AS varchar)", true},
      {"SELECT CAST(NOT a AS varchar)", true},
      {"SELECT try_cast(NOT a)", true},
      {"SELECT (a).*, (SELECT b).*, f(c).d.*, \"e\".*", true},
      {"SELECT -a.*", false},
      {"SELECT a + b.*", false},
      {"SELECT NOT a.*", false},
      {"SELECT count(a.*), count(*)", true},
      {"SELECT count(a.b.*)", false},
      {"SELECT f((a, \"B\") -> 1, () -> 2, (c) -> 3, d -> 4)", true},
      {"SELECT f((a, 1) -> 1)", false},
      {"SELECT f((a + b) -> 1)", false},
      {"SELECT f((a, b.c) -> 1)", false},
      {"SELECT f(())", false},
      {"SELECT f((a) ->", false},
      {"SELECT f((a)", false},
      {"SELECT current_timestamp(0x1F)", false},
      {"SELECT localtime(1_0)", false},
      {"SELECT current_time(3)", true},
      {"SELECT JSON_OBJECT(RETURNING value)", true},
      {"SELECT JSON_OBJECT(RETURNING VALUE 1)", true},
      {"SELECT JSON_OBJECT(KEY [] IS NOT NULL VALUE 1)", true},
      {"SELECT JSON_OBJECT(key[1] VALUE 1, key[2] : 3)", true},
      {"SELECT * FROM TABLE(f(TABLE(t) COPARTITION (a.t, u)))", true},
      {"SELECT * FROM TABLE(f(TABLE(t) COPARTITION (t, u)))", false},
      {"DROP FUNCTION f(INTERVAL YEAR TO MONTH x)", false},
      {"DROP FUNCTION f(x INTERVAL YEAR TO MONTH, double double precision, y int array)", true},
      {"DROP FUNCTION f(decimal(1, 2) int)", false},
  };
  for (const auto& [sql, valid] : cases) {
    SCOPED_TRACE(sql);
    EXPECT_EQ(Analyze(sql, HiveSession()).syntax_ok(), valid);
  }
}

}  // namespace
}  // namespace gateway::sql
