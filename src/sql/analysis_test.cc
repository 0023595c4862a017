#include "sql/analysis.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gateway::sql {
namespace {

Session HiveSession() { return {.catalog = "Hive", .schema = "Default", .prepared = {}}; }

using Strings = std::vector<std::string>;

// The tables as `catalog.schema.table`, in order.
Strings TablesOf(const Analysis& analysis) {
  Strings tables;
  for (const auto& name : analysis.tables()) {
    tables.push_back(std::string(name.catalog) + '.' + std::string(name.schema) + '.' +
                     std::string(name.table));
  }
  std::ranges::sort(tables);
  return tables;
}

Strings TablesOf(std::string_view sql) { return TablesOf(Analyze(sql, HiveSession())); }

TEST(Analyze, FillsInTheSessionsDefaultsInLowerCase) {
  EXPECT_EQ(TablesOf("SELECT * FROM A, s.\"B\", c.s.t"),
            (Strings{"c.s.t", "hive.default.a", "hive.s.b"}));
}

TEST(Analyze, NamesSchemasAndCatalogsOfTablesOnce) {
  const auto analysis =
      Analyze("SELECT * FROM a.x.t JOIN a.x.u ON true JOIN b.y.v ON true", HiveSession());
  EXPECT_EQ(analysis.schemas(), (std::vector<SchemaName>{{"a", "x"}, {"b", "y"}}));
  EXPECT_EQ(analysis.catalogs(), (std::vector<std::string_view>{"a", "b"}));
}

TEST(Analyze, FindsTablesWhereverAQueryCanStand) {
  for (const auto* sql : {
           "SELECT x IN (SELECT y FROM t) FROM (VALUES 1) v(x)",
           "SELECT 1 ORDER BY (SELECT 1 FROM t)",
           "SELECT count(*) FILTER (WHERE EXISTS (TABLE t))",
           "SELECT f(x -> (SELECT x FROM t))",
           "SELECT a[(SELECT 1 FROM t)]",
           "SELECT x = ALL (SELECT y FROM t)",
           "SELECT ((SELECT 1 FROM t) UNION ((SELECT 2)))",
           "SELECT (((TABLE t))) + 1",
           "SELECT sum(x) OVER (PARTITION BY (SELECT 1 FROM t))",
           "SELECT 1 GROUP BY GROUPING SETS ((), ((SELECT 1 FROM t)))",
           "SELECT CASE WHEN true THEN (SELECT 1 FROM t) END",
           "SELECT json_value(j, 'lax $' DEFAULT (SELECT 1 FROM t) ON EMPTY)",
           "SELECT * FROM UNNEST(ARRAY[(SELECT 1 FROM t)])",
           "SELECT * FROM LATERAL (SELECT 1 FROM t)",
           "SELECT * FROM TABLE(f(input => TABLE(t) PARTITION BY a, n => 1))",
           "SELECT * FROM ((t CROSS JOIN UNNEST(a)))",
           "SELECT * FROM ((SELECT 1 FROM t) x)",
           "SELECT * FROM ((SELECT 1 FROM t) LIMIT 1)",
           "SELECT * FROM t MATCH_RECOGNIZE (PATTERN (a b+?) DEFINE a AS true)",
           "SELECT * FROM t FOR VERSION AS OF 5 AS x (a, b) TABLESAMPLE BERNOULLI (10)",
           "WITH FUNCTION f() RETURNS int BEGIN RETURN (SELECT 1 FROM t); END SELECT f()",
           "WITH SESSION a.b = 1 TABLE t",
           "SET SESSION a = (SELECT 1 FROM t)",
           "EXPLAIN (TYPE IO) TABLE t",
           "EXPLAIN ANALYZE VERBOSE WITH x AS (TABLE t) TABLE x",
           "PREPARE p FROM TABLE t",
       }) {
    SCOPED_TRACE(sql);
    EXPECT_EQ(TablesOf(sql), Strings{"hive.default.t"});
  }
}

TEST(Analyze, KnowsKeywordsThatAreNamesByWhatFollows) {
  struct Case {
    std::string_view sql;
    Strings tables;
  };
  const Case cases[] = {
      {"SELECT all FROM limit LIMIT 5", {"hive.default.limit"}},
      {"SELECT * FROM t limit", {"hive.default.t"}},
      {"SELECT * FROM t offset OFFSET 5 FETCH FIRST ROW ONLY", {"hive.default.t"}},
      {"SELECT * FROM lateral, show, tables",
       {"hive.default.lateral", "hive.default.show", "hive.default.tables"}},
      {"SELECT * FROM t window WINDOW w AS (rows ROWS CURRENT ROW)", {"hive.default.t"}},
      {"SELECT * FROM t match_recognize (a, b)", {"hive.default.t"}},
      {"SELECT * FROM t tablesample TABLESAMPLE SYSTEM (1)", {"hive.default.t"}},
      {"SELECT final, running(x), FINAL last(x), x over FROM t", {"hive.default.t"}},
      {"SELECT date, DATE '2024-01-01', interval, INTERVAL '1' DAY day FROM t", {"hive.default.t"}},
      {"WITH function AS (TABLE t) TABLE function", {"hive.default.t"}},
      {"DESCRIBE input", {"hive.default.input"}},
      {"EXPLAIN ANALYZE show", {"hive.default.show"}},
      {"ALTER TABLE if RENAME TO exists_", {"hive.default.exists_", "hive.default.if"}},
      {"GRANT SELECT ON to TO to", {"hive.default.to"}},
  };
  for (const auto& [sql, tables] : cases) {
    SCOPED_TRACE(sql);
    EXPECT_EQ(TablesOf(sql), tables);
  }
}

TEST(Analyze, HidesTablesBehindWithNamesWhereTheyCanBeSeen) {
  struct Case {
    std::string_view sql;
    Strings tables;
  };
  const Case cases[] = {
      {"WITH a AS (SELECT 1) SELECT * FROM A, s.a", {"hive.s.a"}},
      {"WITH a AS (TABLE a) TABLE a", {"hive.default.a"}},
      {"WITH RECURSIVE a(n) AS (SELECT 1 UNION SELECT n FROM a) TABLE a", {}},
      {"WITH a AS (TABLE b), b AS (TABLE a) TABLE b", {"hive.default.b"}},
      {"SELECT * FROM (WITH a AS (SELECT 1) TABLE a), a", {"hive.default.a"}},
      {"WITH a AS (SELECT 1) SELECT 1 WHERE EXISTS (TABLE a) ORDER BY (TABLE a)", {}},
      {"INSERT INTO a WITH a AS (SELECT 1) TABLE a", {"hive.default.a"}},
  };
  for (const auto& [sql, tables] : cases) {
    SCOPED_TRACE(sql);
    EXPECT_EQ(TablesOf(sql), tables);
  }
}

TEST(Analyze, NamesTheTargetsOfStatementsThatChange) {
  for (const auto* sql :
       {"INSERT INTO t VALUES 1", "DELETE FROM t", "UPDATE t SET a = 1",
        "MERGE INTO t USING t ON true WHEN MATCHED THEN DELETE", "TRUNCATE TABLE t",
        "DROP VIEW IF EXISTS t", "ANALYZE t", "ALTER TABLE t EXECUTE optimize(x => 1)",
        "COMMENT ON COLUMN t.c IS NULL", "CREATE TABLE t (a row(b double precision) NOT NULL)",
        "CREATE TABLE t (a, b) AS SELECT 1, 2 WITH NO DATA", "REFRESH MATERIALIZED VIEW t",
        "GRANT SELECT ON TABLE t TO ROLE r"}) {
    SCOPED_TRACE(sql);
    const auto analysis = Analyze(sql, HiveSession());
    EXPECT_EQ(TablesOf(analysis), Strings{"hive.default.t"});
    EXPECT_EQ(analysis.read_only, false);
  }
}

TEST(Analyze, TellsClassCategoryAndWhetherItOnlyReads) {
  struct Case {
    std::string_view sql;
    StatementClass statement;
    Category category;
    std::optional<bool> read_only;
  };
  const Case cases[] = {
      {"VALUES 1", StatementClass::kQuery, Category::kSelect, true},
      {"SHOW TABLES", StatementClass::kShowTables, Category::kDescribe, true},
      {"EXPLAIN DELETE FROM t", StatementClass::kExplain, Category::kExplain, true},
      {"EXPLAIN ANALYZE DELETE FROM t", StatementClass::kExplainAnalyze, Category::kDelete, false},
      {"EXPLAIN ANALYZE TABLE t", StatementClass::kExplainAnalyze, Category::kSelect, true},
      {"EXPLAIN ANALYZE EXECUTE p", StatementClass::kExplainAnalyze, Category::kUnknown, {}},
      {"COMMIT", StatementClass::kCommit, Category::kDataDefinition, false},
      {"SELECT", StatementClass::kUnknown, Category::kNone, {}},
  };
  for (const auto& [sql, statement, category, read_only] : cases) {
    SCOPED_TRACE(sql);
    const auto analysis = Analyze(sql, HiveSession());
    EXPECT_EQ(analysis.query_type, statement);
    EXPECT_EQ(analysis.category, category);
    EXPECT_EQ(analysis.read_only, read_only);
  }
}

TEST(Analyze, SaysWhenTheSessionLacksADefault) {
  const auto analysis = Analyze("SELECT * FROM s.t", {});
  EXPECT_EQ(analysis.outcome, Outcome::kUnresolved);
  EXPECT_TRUE(analysis.syntax_ok());
  EXPECT_EQ(analysis.query_type, StatementClass::kQuery);
  EXPECT_EQ(TablesOf(analysis), Strings{".s.t"});
}

TEST(Analyze, FindsWhomAKillQueryEnds) {
  for (const auto* sql : {
           "CALL system.runtime.kill_query('q1')",
           "call /* x */ System .\n\"RUNTIME\" . kill_query -- y\n( 'q1' , 'why' )",
           "CALL system.runtime.kill_query(message => 'why', query_id => 'q1')",
           "CALL system.runtime.kill_query(QUERY_ID => ((U&'q\\0031')))",
           "EXPLAIN CALL system.runtime.kill_query('q1')",
       }) {
    SCOPED_TRACE(sql);
    EXPECT_EQ(Analyze(sql, HiveSession()).kill_target, "q1");
  }
  EXPECT_EQ(
      Analyze("CALL kill_query('q1')", {.catalog = "system", .schema = "runtime", .prepared = {}})
          .kill_target,
      "q1");
}

TEST(Analyze, FindsNoKillQueryInOtherStatements) {
  for (const auto* sql : {
           "SELECT 'CALL system.runtime.kill_query(''q1'')'",
           "CALL kill_query('q1')",
           "CALL other.runtime.kill_query('q1')",
           "CALL system.runtime.kill_query_('q1')",
           "/* CALL system.runtime.kill_query('q1') */ SELECT 1",
           "SELECT 1 -- CALL system.runtime.kill_query('q1')",
       }) {
    SCOPED_TRACE(sql);
    const auto analysis = Analyze(sql, HiveSession());
    EXPECT_EQ(analysis.outcome, Outcome::kOk);
    EXPECT_EQ(analysis.kill_target, std::nullopt);
  }
}

TEST(Analyze, KnowsAKillQueryWhoseTargetIsNoLiteralForACall) {
  for (const auto* arguments :
       {"", "1", "?", "'a' || 'b'", "query_id => ?", "query_id = 'q1'", "'q1', query_id => x"}) {
    SCOPED_TRACE(arguments);
    const auto sql = "CALL system.runtime.kill_query(" + std::string(arguments) + ")";
    const auto analysis = Analyze(sql, HiveSession());
    EXPECT_EQ(analysis.outcome, Outcome::kUnknownTarget);
    EXPECT_EQ(analysis.query_type, StatementClass::kCall);
    EXPECT_EQ(analysis.read_only, false);
    EXPECT_EQ(analysis.kill_target, std::nullopt);
  }
}

TEST(Analyze, FindsWhomAKillQueryEndsByWhatIsGivenToItsParameter) {
  const struct {
    std::string_view arguments;
    std::string_view given;
    std::optional<std::string_view> target;
  } cases[] = {
      {"?", "'q1'", "q1"},
      {"query_id => ?", "('q1')", "q1"},
      {"?, ?", "'q1', 'why'", "q1"},
      {"message => ?, query_id => ?", "'it''s', U&'q\\0031'", "q1"},
      {"message => 'a?' || ?, query_id => ? /* ? */", "1 + 1, 'q1'", "q1"},
      {"?", "'q' || '1'", std::nullopt},
      {"?", "1", std::nullopt},
      {"? || ''", "'q1'", std::nullopt},
      {"message => ?, query_id => ?", "'q1'", std::nullopt},
  };
  for (const auto& [arguments, given, target] : cases) {
    SCOPED_TRACE(arguments);
    auto session = HiveSession();
    session.prepared = [&](std::string_view) {
      return "CALL system.runtime.kill_query(" + std::string(arguments) + ")";
    };
    const auto sql = "EXECUTE p USING " + std::string(given);
    const auto analysis = Analyze(sql, session);
    EXPECT_EQ(analysis.kill_target, target);
    EXPECT_EQ(analysis.outcome, target ? Outcome::kOk : Outcome::kUnknownTarget);
  }
}

TEST(Analyze, AnalysesThePreparedStatementBehindAnExecute) {
  int calls = 0;
  const Session session{.catalog = "c", .schema = "s", .prepared = [&](std::string_view name) {
                          ++calls;
                          return name == "My P" ? std::optional<std::string>("DELETE FROM t")
                                                : std::nullopt;
                        }};
  auto analysis = Analyze("EXECUTE \"My P\" USING (SELECT 1 FROM u)", session);
  EXPECT_EQ(analysis.statement, StatementClass::kExecute);
  EXPECT_EQ(analysis.query_type, StatementClass::kDelete);
  EXPECT_EQ(analysis.prepared_name, "My P");
  const auto moved = std::move(analysis);
  EXPECT_EQ(moved.body, "DELETE FROM t");
  EXPECT_EQ(TablesOf(moved), Strings{"c.s.t"}) << "arguments do not count";

  const auto unknown = Analyze("EXECUTE p", session);
  EXPECT_EQ(unknown.outcome, Outcome::kUnknownPrepared);
  EXPECT_EQ(unknown.query_type, StatementClass::kExecute);
  EXPECT_EQ(unknown.read_only, std::nullopt);
  EXPECT_EQ(calls, 2);
  Analyze("SELECT 1", session);
  EXPECT_EQ(calls, 2) << "others do not pay for it";
}

TEST(Analyze, AnalysesTheTextOfExecuteImmediateOnce) {
  const auto analysis = Analyze("EXECUTE IMMEDIATE 'SELECT ''x'' FROM t'", HiveSession());
  EXPECT_EQ(analysis.statement, StatementClass::kExecuteImmediate);
  EXPECT_EQ(analysis.query_type, StatementClass::kQuery);
  EXPECT_EQ(analysis.body, "SELECT 'x' FROM t");
  const auto nested = Analyze("EXECUTE IMMEDIATE 'EXECUTE IMMEDIATE ''SELECT 1'''", HiveSession());
  EXPECT_EQ(nested.query_type, StatementClass::kExecuteImmediate);
  EXPECT_EQ(nested.category, Category::kUnknown);
  const auto broken = Analyze("EXECUTE IMMEDIATE 'SELECT'", HiveSession());
  EXPECT_EQ(broken.outcome, Outcome::kSyntaxError);
  EXPECT_EQ(broken.statement, StatementClass::kExecuteImmediate);
}

TEST(Analyze, ForgetsTheStatementBefore) {
  Analysis analysis;
  Analyze("WITH w AS (SELECT 1) SELECT * FROM a.b.c WHERE", HiveSession(), analysis);
  EXPECT_EQ(analysis.outcome, Outcome::kSyntaxError);
  EXPECT_TRUE(analysis.tables().empty());
  Analyze("EXPLAIN CALL system.runtime.kill_query('q')", HiveSession(), analysis);
  Analyze("TABLE w", {.catalog = "x", .schema = "y", .prepared = {}}, analysis);
  EXPECT_EQ(TablesOf(analysis), Strings{"x.y.w"});
  EXPECT_EQ(analysis.kill_target, std::nullopt);
  Analyze("", HiveSession(), analysis);
  EXPECT_EQ(analysis.outcome, Outcome::kEmpty);
  EXPECT_TRUE(analysis.tables().empty() && !analysis.read_only);
}

std::string Repeat(std::string_view text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

TEST(Analyze, GivesUpOnWhatNestsTooDeep) {
  struct Case {
    std::string_view begin;
    std::string_view repeated;
  };
  const Case cases[] = {
      {"SELECT ", "("},
      {"SELECT ", "f("},
      {"SELECT ", "a["},
      {"SELECT ", "(SELECT "},
      {"SELECT ", "x -> "},
      {"SELECT ", "CASE WHEN "},
      {"SELECT ", "NOT ("},
      {"SELECT ", "ARRAY["},
      {"SELECT ", "CAST("},
      {"SELECT ", "EXISTS (VALUES "},
      {"SELECT ", "trim("},
      {"", "WITH a AS ("},
      {"SELECT * FROM ", "("},
      {"SELECT * FROM ", "a JOIN "},
      {"", "EXPLAIN "},
      {"", "PREPARE a FROM "},
      {"", "("},
      {"SELECT CAST(a AS ", "row("},
      {"SELECT * FROM t MATCH_RECOGNIZE (PATTERN (", "("},
      {"CREATE FUNCTION f() RETURNS int ", "BEGIN "},
      {"SELECT * FROM JSON_TABLE(a, 'b' ", "COLUMNS (NESTED 'c' "},
  };
  for (const auto& [begin, repeated] : cases) {
    SCOPED_TRACE(repeated);
    const auto analysis = Analyze(std::string(begin) + Repeat(repeated, 200'000), HiveSession());
    EXPECT_EQ(analysis.outcome, Outcome::kTooDeep);
    EXPECT_EQ(analysis.query_type, StatementClass::kUnknown);
    EXPECT_FALSE(analysis.syntax_ok());
  }
}

TEST(Analyze, ReadsWhatNestsAsDeepAsStatementsDo) {
  const auto sql = "SELECT " + Repeat("(", 300) + "SELECT 1 FROM t" + Repeat(")", 300);
  EXPECT_EQ(TablesOf(sql), Strings{"hive.default.t"});
  const auto chain = "SELECT 1 FROM t WHERE a = 1" + Repeat(" OR NOT a + 1 = - - 1", 50'000);
  EXPECT_EQ(TablesOf(chain), Strings{"hive.default.t"}) << "chains are not deep";
}

TEST(Analyze, NamesThousandsOfTables) {
  std::string sql = "SELECT * FROM t0";
  for (int i = 1; i < 5000; ++i) sql += ", s" + std::to_string(i % 100) + ".t" + std::to_string(i);
  const auto analysis = Analyze(sql + ", t0, s1.t1", HiveSession());
  EXPECT_EQ(analysis.tables().size(), 5000U);
  EXPECT_EQ(analysis.schemas().size(), 101U);
}

}  // namespace
}  // namespace gateway::sql
