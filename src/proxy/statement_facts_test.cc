#include "proxy/statement_facts.h"

#include <gtest/gtest.h>

namespace gateway::proxy {
namespace {

using Strings = std::vector<std::string>;

struct StatementFactsTest : testing::Test {
  StatementFacts Of(std::optional<std::string_view> text) { return {request, text, scratch}; }

  RequestView request;
  StatementScratch scratch;
};

TEST_F(StatementFactsTest, NameWhatAStatementUses) {
  request.catalog = "hive";
  request.schema = "sales";
  auto statement = Of("INSERT INTO orders SELECT * FROM tpch.tiny.orders");
  const auto* facts = statement.Query();
  ASSERT_NE(facts, nullptr);
  EXPECT_EQ(facts->type, "Insert");
  EXPECT_EQ(facts->category, "INSERT");
  EXPECT_EQ(facts->read_only, false);
  EXPECT_EQ(Strings(facts->tables.begin(), facts->tables.end()),
            (Strings{"hive.sales.orders", "tpch.tiny.orders"}));
  EXPECT_EQ(Strings(facts->catalogs.begin(), facts->catalogs.end()), (Strings{"hive", "tpch"}));
}

TEST_F(StatementFactsTest, AreNoneWithoutATextThatIsUnderstood) {
  EXPECT_EQ(Of(std::nullopt).Query(), nullptr);
  EXPECT_EQ(Of("SELEC 1").Query(), nullptr);
}

TEST_F(StatementFactsTest, ForgetTheStatementBefore) {
  ASSERT_NE(Of("SELECT * FROM a.b.c, a.b.d").Query(), nullptr);
  auto statement = Of("SELECT 1");
  ASSERT_NE(statement.Query(), nullptr);
  EXPECT_TRUE(statement.Query()->tables.empty());
}

TEST_F(StatementFactsTest, FindTheTargetOfAKill) {
  const std::pair<std::string_view, std::string_view> kills[] = {
      {"CALL system.runtime.kill_query('q1', 'why')", "q1"},
      {"call system . runtime /* x */ .\nKILL_QUERY (message => 'm', query_id => 'q2')", "q2"},
      {"EXECUTE IMMEDIATE 'CALL system.runtime.kill_query(''q3'')'", "q3"},
  };
  for (const auto& [text, target] : kills) {
    SCOPED_TRACE(text);
    EXPECT_EQ(Of(text).KillTarget(), target);
  }
}

TEST_F(StatementFactsTest, FindTheTargetOfAPreparedKill) {
  request.prepared_statements = {"p=CALL+system.runtime.kill_query%28%27q1%27%29"};
  EXPECT_EQ(Of("EXECUTE p").KillTarget(), "q1");
  EXPECT_EQ(Of("EXECUTE other").KillTarget(), std::nullopt);
}

TEST_F(StatementFactsTest, FindTheTargetOfAKillWhoseLettersAreHidden) {
  // zstd of CALL system.runtime.kill_query('q1')
  request.prepared_statements = {
      "p=%24zstd%3AKLUv_QBYIQEAQ0FMTCBzeXN0ZW0ucnVudGltZS5raWxsX3F1ZXJ5KCdxMScp",
      "e=CALL+system.runtime.%6bill%5fquery('q2')"};
  EXPECT_EQ(Of("EXECUTE p").KillTarget(), "q1");
  EXPECT_EQ(Of("execute e").KillTarget(), "q2");
  EXPECT_EQ(Of(R"(EXECUTE IMMEDIATE U&'CALL system.runtime.kill\005fquery(''q3'')')").KillTarget(),
            "q3");
  EXPECT_EQ(Of(R"(CALL system.runtime.kill_query(U&'q\0034'))").KillTarget(), "q4");
  EXPECT_EQ(Of("CALL system.runtime.kill_query(U&'q!0035' UESCAPE '!')").KillTarget(), "q5");
}

TEST_F(StatementFactsTest, FindTheTargetOfAKillInWhatIsGivenToItsParameter) {
  request.prepared_statements = {"p=CALL+system.runtime.kill_query(%3f%2c'why')"};
  EXPECT_EQ(Of("EXECUTE p USING 'q1'").KillTarget(), "q1");
  EXPECT_EQ(Of("EXECUTE p").KillTarget(), std::nullopt);
  EXPECT_EQ(Of("EXECUTE IMMEDIATE 'CALL system.runtime.kill_query(query_id => ?)' USING 'q2'")
                .KillTarget(),
            "q2");
}

TEST_F(StatementFactsTest, TakeADescribedKillForNone) {
  EXPECT_EQ(Of("EXPLAIN CALL system.runtime.kill_query('q1')").KillTarget(), std::nullopt);
  EXPECT_EQ(Of("PREPARE p FROM CALL system.runtime.kill_query('q1')").KillTarget(), std::nullopt);
}

TEST_F(StatementFactsTest, AreNotReadForAKillUnlessACallOrExecuteComesFirst) {
  const struct {
    std::string_view text;
    bool is_read;
  } cases[] = {
      {"SELECT execute, kill_query FROM t", false},
      {"EXPLAIN EXECUTE p", false},
      {"-- CALL\nSELECT 'kill_query'", false},
      {"'EXECUTE' p", false},
      {"\"call\" x.kill_query('q1')", false},
      {"", false},
      {"/* EXECUTE", false},
      {"-- why\n /* CALL */ call a.b.c()", true},
      {" Execute IMMEDIATE 'SELECT 1'", true},
  };
  for (const auto& [text, is_read] : cases) {
    SCOPED_TRACE(text);
    scratch.facts.type = "untouched";
    EXPECT_EQ(Of(text).KillTarget(), std::nullopt);
    EXPECT_EQ(scratch.facts.type != "untouched", is_read);
  }
}

TEST_F(StatementFactsTest, KnowACallWhoseTargetIsComputed) {
  auto statement = Of("CALL system.runtime.kill_query('q' || '1')");
  const auto* facts = statement.Query();
  ASSERT_NE(facts, nullptr);
  EXPECT_EQ(facts->type, "Call");
  EXPECT_EQ(facts->read_only, false);
  EXPECT_EQ(statement.KillTarget(), std::nullopt);
}

TEST_F(StatementFactsTest, NameTheCatalogsOfFunctionsAndSessions) {
  auto statement = Of("SELECT * FROM a.b.t, TABLE(pg.system.query(query => 'SELECT 1'))");
  const auto* facts = statement.Query();
  ASSERT_NE(facts, nullptr);
  EXPECT_EQ(Strings(facts->catalogs.begin(), facts->catalogs.end()), (Strings{"a", "pg"}));
  EXPECT_EQ(Strings(facts->schemas.begin(), facts->schemas.end()), (Strings{"a.b", "pg.system"}));
}

TEST_F(StatementFactsTest, TakeNoLiteralForAKill) {
  for (const std::string_view text :
       {"SELECT 'CALL system.runtime.kill_query(''q1'')'", "SELECT 1 -- kill_query('q1')",
        "SELECT kill_query FROM t", "CALL other.runtime.kill_query('q1')"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(Of(text).KillTarget(), std::nullopt);
  }
}

}  // namespace
}  // namespace gateway::proxy
