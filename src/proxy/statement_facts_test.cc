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
