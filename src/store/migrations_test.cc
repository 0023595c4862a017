#include "store/migrations.h"

#include <gtest/gtest.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "base/fake_clock.h"
#include "base/result_testing.h"
#include "store/schema.h"
#include "store/store.h"
#include "store/temporary_directory.h"

namespace gateway::store {
namespace {

struct MigrationsTest : testing::Test {
  // The names of all tables, in order, as one text.
  std::string Tables() const {
    soci::session sql(soci::sqlite3, directory.File("gateway.db").string());
    std::string tables;
    const soci::rowset<std::string> names =
        (sql.prepare << "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
    for (const auto& name : names) tables += name + " ";
    return tables;
  }

  void Execute(const std::string& statement) const {
    soci::session sql(soci::sqlite3, directory.File("gateway.db").string());
    sql << statement;
  }

  TemporaryDirectory directory;
  std::string url = "sqlite:" + directory.File("gateway.db").string();
  FakeClock clock;
};

TEST(Schema, NumbersItsMigrationsFromOneWithoutGaps) {
  int expected = 0;
  for (const auto& step : Migrations()) EXPECT_EQ(step.version, ++expected);
  EXPECT_EQ(NewestSchemaVersion(), expected);
}

TEST_F(MigrationsTest, GoUpFromAnEmptyFileOnce) {
  EXPECT_EQ(SchemaVersion(url), 0);
  const auto done = MigrateUp(url, clock);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->size(), Migrations().size());
  EXPECT_EQ(SchemaVersion(url), NewestSchemaVersion());
  EXPECT_TRUE(MigrateUp(url, clock)->empty());
}

TEST_F(MigrationsTest, GoDownStepByStepAndUpAgainToTheSameTables) {
  ASSERT_TRUE(MigrateUp(url, clock));
  const auto tables = Tables();
  for (int version = NewestSchemaVersion(); version > 0; --version) {
    const auto undone = MigrateDown(url, 1);
    ASSERT_TRUE(undone) << undone.error().message;
    EXPECT_EQ(undone->front().version, version);
    EXPECT_EQ(SchemaVersion(url), version - 1);
  }
  EXPECT_EQ(Tables(), "schema_version ");
  ASSERT_TRUE(MigrateUp(url, clock));
  EXPECT_EQ(Tables(), tables);
}

TEST_F(MigrationsTest, RefuseToGoDownFurtherThanTheyWentUp) {
  ASSERT_TRUE(MigrateUp(url, clock));
  const auto tables = Tables();
  EXPECT_EQ(CodeOf(MigrateDown(url, NewestSchemaVersion() + 1)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(MigrateDown(url, 0)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Tables(), tables);
}

TEST_F(MigrationsTest, TellWhenEachStepWasApplied) {
  ASSERT_TRUE(MigrateUp(url, clock));
  ASSERT_TRUE(MigrateDown(url, 1));
  const auto states = MigrationStatus(url);
  ASSERT_TRUE(states);
  ASSERT_EQ(states->size(), Migrations().size());
  EXPECT_EQ(states->front().name, "configuration");
  EXPECT_EQ(states->front().applied, clock.WallNow());
  EXPECT_EQ(states->back().applied, std::nullopt);
}

TEST_F(MigrationsTest, KeepDataOfEarlierStepsWhenALaterOneIsTakenBack) {
  const model::Backend backend{.id = "c1", .url = Url{false, "127.0.0.1", 8080}};
  ASSERT_TRUE((*Store::Open(url, clock))->CreateBackend(backend));
  ASSERT_TRUE(MigrateDown(url, 1));
  EXPECT_EQ((*Store::Open(url, clock))->LoadConfiguration()->backends, std::vector{backend});
}

TEST_F(MigrationsTest, RefuseADatabaseOfANewerBinaryAndLeaveItAlone) {
  ASSERT_TRUE(MigrateUp(url, clock));
  Execute("INSERT INTO schema_version (version, name, applied_at) VALUES (99, 'future', 0)");
  const auto tables = Tables();
  const auto opened = Store::Open(url, clock);
  EXPECT_EQ(CodeOf(opened), ErrorCode::kUnsupported);
  EXPECT_NE(opened.error().message.find("schema version 99"), std::string::npos);
  EXPECT_EQ(CodeOf(MigrateUp(url, clock)), ErrorCode::kUnsupported);
  EXPECT_EQ(CodeOf(MigrateDown(url, 1)), ErrorCode::kUnsupported);
  EXPECT_EQ(SchemaVersion(url), 99);
  EXPECT_EQ(MigrationStatus(url)->back().name, "future");
  EXPECT_EQ(Tables(), tables);
}

TEST_F(MigrationsTest, AreUndoneAsAWholeWhenOneStatementFails) {
  Execute("CREATE TABLE policies (left_over INTEGER)");
  const auto result = MigrateUp(url, clock);
  EXPECT_EQ(CodeOf(result), ErrorCode::kInternal);
  EXPECT_EQ(Tables(), "policies schema_version ");
  EXPECT_EQ(SchemaVersion(url), 0);
}

}  // namespace
}  // namespace gateway::store
