#include "store/database.h"

#include <csignal>
#include <string>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/result_testing.h"
#include "store/temporary_directory.h"

namespace gateway::store {
namespace {

struct DatabaseTest : testing::Test {
  std::unique_ptr<Database> Open() {
    StoreOptions options;
    options.connections = 1;
    options.statement_timeout = std::chrono::milliseconds(1);
    auto database = std::make_unique<Database>(
        *ParseStoreUrl("sqlite:" + directory.File("gateway.db").string()), options);
    EXPECT_TRUE(database->Run(Access::kWrite, "create", [](soci::session& sql) -> Expected<void> {
      sql << "CREATE TABLE IF NOT EXISTS numbers (number VARCHAR(65536) NOT NULL PRIMARY KEY)";
      return {};
    }));
    return database;
  }

  static Expected<void> Insert(Database& database, const std::string& number) {
    return database.Run(Access::kWrite, "cannot insert", [&](soci::session& sql) -> Expected<void> {
      sql << "INSERT INTO numbers (number) VALUES (:number)", soci::use(number);
      return {};
    });
  }

  static int Count(Database& database) {
    const auto counted =
        database.Run(Access::kRead, "count", [](soci::session& sql) -> Expected<int> {
          int count = 0;
          sql << "SELECT COUNT(*) FROM numbers", soci::into(count);
          return count;
        });
    return counted ? *counted : -1;
  }

  TemporaryDirectory directory;
};

TEST_F(DatabaseTest, RollsBackWhenTheBodyReturnsAnError) {
  const auto database = Open();
  const auto result =
      database->Run(Access::kWrite, "insert", [](soci::session& sql) -> Expected<void> {
        sql << "INSERT INTO numbers (number) VALUES ('1')";
        return Fail(ErrorCode::kConflict, "changed my mind");
      });
  EXPECT_EQ(CodeOf(result), ErrorCode::kConflict);
  EXPECT_EQ(Count(*database), 0);
}

TEST_F(DatabaseTest, RollsBackWhenAStatementFails) {
  const auto database = Open();
  const auto result =
      database->Run(Access::kWrite, "insert", [](soci::session& sql) -> Expected<void> {
        sql << "INSERT INTO numbers (number) VALUES ('1')";
        sql << "INSERT INTO numbers (number) VALUES ('1')";
        return {};
      });
  EXPECT_EQ(CodeOf(result), ErrorCode::kAlreadyExists);
  EXPECT_EQ(Count(*database), 0);
}

TEST_F(DatabaseTest, ReportsAFullDatabaseAndTakesWritesAgainOnceThereIsRoom) {
  const auto database = Open();
  const auto limit_pages = [&](int pages) {
    return database->Run(Access::kStatement, "limit", [&](soci::session& sql) -> Expected<void> {
      int effective = 0;
      sql << "PRAGMA max_page_count = " << pages, soci::into(effective);
      return {};
    });
  };
  ASSERT_TRUE(limit_pages(4));
  const auto full = Insert(*database, std::string(60'000, '7'));
  EXPECT_EQ(CodeOf(full), ErrorCode::kUnavailable);
  EXPECT_EQ(full.error().origin, Origin::kStore);
  EXPECT_NE(full.error().message.find("full"), std::string::npos) << full.error().message;
  EXPECT_EQ(full.error().message.find("INSERT"), std::string::npos) << full.error().message;

  ASSERT_TRUE(limit_pages(1000));
  EXPECT_TRUE(Insert(*database, std::string(60'000, '7')));
  EXPECT_EQ(Count(*database), 1);
}

TEST_F(DatabaseTest, ReportsAnInputOutputErrorAndRecovers) {
  const auto database = Open();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  // The kernel refuses to let a file grow past the limit, and would kill us for trying.
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{16'384, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto failed = Insert(*database, std::string(60'000, '7'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);

  EXPECT_EQ(CodeOf(failed), ErrorCode::kUnavailable) << failed.error().message;
  EXPECT_TRUE(Insert(*database, std::string(60'000, '7')));
  EXPECT_EQ(Count(*database), 1);
}

}  // namespace
}  // namespace gateway::store
