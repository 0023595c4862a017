#include "store/database_error.h"

#include <stdexcept>

#include <gtest/gtest.h>
#include <soci/mysql/soci-mysql.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

namespace gateway::store {
namespace {

StoreUrl UrlOf(Engine engine) { return {.engine = engine, .user = "gw", .password = "*"}; }

TEST(DatabaseError, KnowsWhatPostgresqlMeans) {
  const struct {
    const char* state;
    ErrorCode code;
    bool broken;
    const char* text;
  } cases[] = {
      {"08006", ErrorCode::kUnavailable, true, "lost"},
      {"57P01", ErrorCode::kUnavailable, true, "lost"},
      {"57014", ErrorCode::kUnavailable, false, "too long"},
      {"55P03", ErrorCode::kUnavailable, false, "too long"},
      {"40P01", ErrorCode::kUnavailable, false, "in the way"},
      {"53300", ErrorCode::kUnavailable, true, "no connection left"},
      {"53100", ErrorCode::kUnavailable, false, "full"},
      {"25006", ErrorCode::kUnavailable, true, "read-only"},
      {"42501", ErrorCode::kUnavailable, false, "privileges"},
      {"23505", ErrorCode::kAlreadyExists, false, "exists already"},
      {"22001", ErrorCode::kInvalidArgument, false, "cannot store"},
      {"42601", ErrorCode::kInternal, false, "unexpected"},
  };
  for (const auto& [state, code, broken, text] : cases) {
    SCOPED_TRACE(state);
    const auto failure =
        Explain(UrlOf(Engine::kPostgresql), soci::postgresql_soci_error("INSERT secret", state));
    EXPECT_EQ(failure.code, code);
    EXPECT_EQ(failure.broken, broken);
    EXPECT_NE(failure.text.find(text), std::string::npos) << failure.text;
    EXPECT_NE(failure.text.find(state), std::string::npos) << failure.text;
    EXPECT_EQ(failure.text.find("secret"), std::string::npos) << failure.text;
  }
}

TEST(DatabaseError, KnowsWhatMysqlMeans) {
  const struct {
    int number;
    ErrorCode code;
    bool broken;
    const char* text;
  } cases[] = {
      {2006, ErrorCode::kUnavailable, true, "lost"},
      {2013, ErrorCode::kUnavailable, true, "lost"},
      {2002, ErrorCode::kUnavailable, true, "no database server"},
      {1045, ErrorCode::kUnavailable, false, "password"},
      {1049, ErrorCode::kUnavailable, false, "does not exist"},
      {1040, ErrorCode::kUnavailable, true, "no connection left"},
      {1205, ErrorCode::kUnavailable, false, "too long"},
      {1213, ErrorCode::kUnavailable, false, "in the way"},
      {1290, ErrorCode::kUnavailable, true, "read-only"},
      {1062, ErrorCode::kAlreadyExists, false, "exists already"},
      {1406, ErrorCode::kInvalidArgument, false, "cannot store"},
      {1153, ErrorCode::kTooLarge, true, "max_allowed_packet"},
      {2020, ErrorCode::kTooLarge, true, "max_allowed_packet"},
      {1064, ErrorCode::kInternal, false, "unexpected"},
  };
  for (const auto& [number, code, broken, text] : cases) {
    SCOPED_TRACE(number);
    const auto failure =
        Explain(UrlOf(Engine::kMysql), soci::mysql_soci_error("INSERT secret", number));
    EXPECT_EQ(failure.code, code);
    EXPECT_EQ(failure.broken, broken);
    EXPECT_NE(failure.text.find(text), std::string::npos) << failure.text;
    EXPECT_EQ(failure.text.find("secret"), std::string::npos) << failure.text;
  }
}

TEST(DatabaseError, TellsWhyNoConnectionWasMadeWithoutThePassword) {
  auto url = UrlOf(Engine::kPostgresql);
  const soci::soci_error refused(
      "Cannot establish connection.\nserver at \"h\": refused *\n\tIs it?\n");
  EXPECT_EQ(Explain(url, refused, true).text,
            "no connection to the database server: server at \"h\": refused ***");
  EXPECT_TRUE(Explain(url, refused, true).broken);
  EXPECT_EQ(Explain(url, refused, true).code, ErrorCode::kUnavailable);
}

TEST(DatabaseError, TakesWhatItDoesNotKnowAsAFaultOfOurs) {
  for (const auto engine : {Engine::kSqlite, Engine::kPostgresql, Engine::kMysql}) {
    const auto failure = Explain(UrlOf(engine), std::runtime_error("secret"));
    EXPECT_EQ(failure.code, ErrorCode::kInternal);
    EXPECT_FALSE(failure.broken);
    EXPECT_EQ(failure.text.find("secret"), std::string::npos) << failure.text;
  }
}

}  // namespace
}  // namespace gateway::store
