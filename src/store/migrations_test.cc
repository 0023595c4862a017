#include "store/migrations.h"

#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "store/migration_plan.h"
#include "store/schema.h"
#include "store/store_testing.h"

namespace gateway::store {
namespace {

using Kind = MigrationGoal::Kind;

struct MigrationsTest : OnEachDatabase {
  Expected<std::vector<MigrationStep>> Go(Kind kind, int number = 0) {
    return Migrate(Options(), {kind, number}, clock);
  }
  bool IsSqlite() const { return GetParam().url.empty(); }
  bool IsMysql() const { return GetParam().name == "Mysql"; }
};
INSTANTIATE_TEST_SUITE_P(On,
                         MigrationsTest,
                         testing::ValuesIn(TestDatabases()),
                         NameOfTestDatabase);

TEST(Schema, NumbersItsMigrationsFromOneWithoutGaps) {
  int expected = 0;
  for (const auto& step : Migrations()) EXPECT_EQ(step.version, ++expected);
  EXPECT_EQ(NewestSchemaVersion(), expected);
}

TEST_P(MigrationsTest, GoUpFromAnEmptyDatabaseOnce) {
  EXPECT_EQ(SchemaVersion(Options()), 0);
  const auto done = Go(Kind::kUp);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->size(), Migrations().size());
  EXPECT_EQ(SchemaVersion(Options()), NewestSchemaVersion());
  EXPECT_TRUE(Go(Kind::kUp)->empty());
}

TEST_P(MigrationsTest, GoDownStepByStepAndUpAgainToTheSameTables) {
  ASSERT_TRUE(Go(Kind::kUp));
  const auto tables = Tables();
  for (int version = NewestSchemaVersion(); version > 0; --version) {
    const auto undone = Go(Kind::kDown, 1);
    ASSERT_TRUE(undone) << undone.error().message;
    EXPECT_EQ(undone->front().version, version);
    EXPECT_FALSE(undone->front().up);
    EXPECT_EQ(SchemaVersion(Options()), version - 1);
  }
  EXPECT_EQ(Tables(), "schema_version ");
  ASSERT_TRUE(Go(Kind::kUp));
  EXPECT_EQ(Tables(), tables);
}

TEST_P(MigrationsTest, GoToAVersionRedoAndReset) {
  EXPECT_EQ(Go(Kind::kUpTo, 3)->size(), 3U);
  EXPECT_EQ(SchemaVersion(Options()), 3);
  const auto redone = Go(Kind::kRedo);
  ASSERT_TRUE(redone) << redone.error().message;
  ASSERT_EQ(redone->size(), 2U);
  EXPECT_FALSE(redone->front().up);
  EXPECT_TRUE(redone->back().up);
  EXPECT_EQ(SchemaVersion(Options()), 3);
  EXPECT_EQ(Go(Kind::kDownTo, 1)->size(), 2U);
  EXPECT_EQ(Go(Kind::kReset)->size(), 1U);
  EXPECT_EQ(SchemaVersion(Options()), 0);
}

TEST_P(MigrationsTest, PrintWhatTheyWouldDoAndDoNothing) {
  const auto planned = Migrate(Options(), {Kind::kUp}, clock, true);
  ASSERT_TRUE(planned) << planned.error().message;
  EXPECT_EQ(planned->size(), Migrations().size());
  EXPECT_TRUE(planned->front().sql.front().starts_with("CREATE TABLE backends"));
  for (const auto& step : *planned) {
    for (const auto& statement : step.sql) {
      EXPECT_EQ(statement.find('{'), std::string::npos) << statement;
      if (statement.starts_with("CREATE TABLE")) {
        EXPECT_EQ(statement.find("utf8mb4") != std::string::npos, IsMysql()) << statement;
      }
    }
  }
  EXPECT_EQ(SchemaVersion(Options()), 0);
  EXPECT_EQ(MigrationStatus(Options())->size(), Migrations().size());
  if (IsSqlite()) {
    EXPECT_FALSE(std::filesystem::exists(path));
  } else {
    EXPECT_EQ(Tables(), "");
  }
}

TEST_P(MigrationsTest, AreReadWithoutWaitingForAWriter) {
  ASSERT_TRUE(Go(Kind::kUp));
  Database writer(*ParseStoreUrl(Options().url), Options());
  const auto written = writer.Run(Access::kWrite, "write", [&](soci::session& sql) {
    sql << "UPDATE schema_version SET version = version";
    EXPECT_EQ(SchemaVersion(Options()), NewestSchemaVersion());
    EXPECT_TRUE(Migrate(Options(), {Kind::kReset}, clock, true));
    return Expected<void>();
  });
  EXPECT_TRUE(written) << written.error().message;
}

TEST_P(MigrationsTest, RefuseToGoWhereThereIsNothing) {
  ASSERT_TRUE(Go(Kind::kUpTo, 2));
  const auto tables = Tables();
  for (const auto& goal : {MigrationGoal{Kind::kDown, 3}, MigrationGoal{Kind::kDown, 0},
                           MigrationGoal{Kind::kDownTo, 3}, MigrationGoal{Kind::kDownTo, -1},
                           MigrationGoal{Kind::kUpTo, 1}, MigrationGoal{Kind::kUpTo, 99}}) {
    EXPECT_EQ(CodeOf(Go(goal.kind, goal.number)), ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(Tables(), tables);
  ASSERT_TRUE(Go(Kind::kReset));
  EXPECT_EQ(CodeOf(Go(Kind::kRedo)), ErrorCode::kInvalidArgument);
}

TEST_P(MigrationsTest, TellWhenEachStepWasApplied) {
  ASSERT_TRUE(Go(Kind::kUp));
  ASSERT_TRUE(Go(Kind::kDown, 1));
  const auto states = MigrationStatus(Options());
  ASSERT_TRUE(states);
  ASSERT_EQ(states->size(), Migrations().size());
  EXPECT_EQ(states->front().name, "configuration");
  EXPECT_EQ(states->front().applied, clock.WallNow());
  EXPECT_EQ(states->back().applied, std::nullopt);
  EXPECT_FALSE(states->back().half_done);
}

TEST_P(MigrationsTest, KeepTheDataOfTheFirstRelease) {
  ASSERT_TRUE(Go(Kind::kUpTo, 2));
  Execute(
      {"INSERT INTO backends (id, url, enabled, created_at, updated_at) "
       "VALUES ('c1', 'http://127.0.0.1:8080', 1, 5, 5)",
       "INSERT INTO groups_ (id, strategy, enabled, created_at, updated_at) "
       "VALUES ('g', 'random', 0, 5, 5)",
       "INSERT INTO group_backends (group_id, backend_id, position, created_at, updated_at) "
       "VALUES ('g', 'c1', 0, 5, 5)",
       "INSERT INTO policies (id, rule_type, rule_value, group_id, fallback_group_id, enabled, "
       "created_at, updated_at) VALUES ('p', 'header_host', 'h', 'g', '', 1, 5, 5)"});
  const model::Configuration expected{
      {{.id = "c1", .url = Url{false, "127.0.0.1", 8080}, .version = 1}},
      {{.id = "g",
        .backends = {"c1"},
        .strategy = model::Strategy::kRandom,
        .enabled = false,
        .version = 1}},
      {{.id = "p",
        .rule_type = model::RuleType::kHeaderHost,
        .rule_value = "h",
        .group = "g",
        .version = 1}}};
  EXPECT_EQ(*Open()->LoadConfiguration()->configuration, expected);
  ASSERT_TRUE(Go(Kind::kDownTo, 2));
  EXPECT_EQ(*Open()->LoadConfiguration()->configuration, expected);
}

TEST_P(MigrationsTest, SwitchOffWhatTheFirstReleaseWouldUnderstandInAnotherWay) {
  model::Policy narrow{
      .id = "narrow", .rule_value = "etl", .conditions = {{.values = {"ada"}}}, .group = "g"};
  model::Policy plain{.id = "plain", .rule_value = "etl", .group = "g"};
  const Url url{false, "127.0.0.1", 8080};
  ASSERT_TRUE(Open()->Edit("put", [&](ConfigurationEdit& edit) -> Expected<void> {
    for (const auto& policy : {narrow, plain}) {
      if (auto put = edit.Put(policy); !put) return put;
    }
    if (auto put = edit.Put(model::Backend{.id = "c1", .url = url}); !put) return put;
    return edit.Put(model::Backend{.id = "drained", .url = url, .draining = true});
  }));
  ASSERT_TRUE(Go(Kind::kDownTo, 2));
  const auto loaded = Open()->LoadConfiguration();
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->configuration->policies.size(), 2U);
  EXPECT_FALSE(loaded->configuration->policies[0].enabled);
  EXPECT_TRUE(loaded->configuration->policies[1].enabled);
  EXPECT_TRUE(loaded->configuration->backends[0].enabled);
  EXPECT_FALSE(loaded->configuration->backends[1].enabled);
}

TEST_P(MigrationsTest, RefuseADatabaseOfANewerBinaryAndLeaveItAlone) {
  ASSERT_TRUE(Go(Kind::kUp));
  Execute({"INSERT INTO schema_version (version, name, applied_at) VALUES (99, 'future', 0)"});
  const auto tables = Tables();
  const auto opened = Store::Open(Options(), clock);
  EXPECT_EQ(CodeOf(opened), ErrorCode::kUnsupported);
  EXPECT_NE(opened.error().message.find("schema version 99"), std::string::npos);
  EXPECT_EQ(CodeOf(Go(Kind::kUp)), ErrorCode::kUnsupported);
  EXPECT_EQ(CodeOf(Go(Kind::kDown, 1)), ErrorCode::kUnsupported);
  EXPECT_EQ(SchemaVersion(Options()), 99);
  EXPECT_EQ(MigrationStatus(Options())->back().name, "future");
  EXPECT_EQ(Tables(), tables);
}

// On MySQL the state is told instead, and the way on and the way back are both open.
TEST_P(MigrationsTest, AreUndoneAsAWholeWhenOneStatementFails) {
  Execute({"CREATE TABLE policies (left_over INTEGER)"});
  EXPECT_FALSE(Go(Kind::kUp));
  if (!IsMysql()) {
    EXPECT_EQ(Tables(), "policies ");
    EXPECT_EQ(SchemaVersion(Options()), 0);
    return;
  }
  EXPECT_TRUE(MigrationStatus(Options())->front().half_done);
  Execute({"DROP TABLE policies"});
  const auto resumed = Go(Kind::kUp);
  ASSERT_TRUE(resumed) << resumed.error().message;
  EXPECT_FALSE(MigrationStatus(Options())->front().half_done);
  EXPECT_TRUE(Open()->LoadConfiguration());
}

TEST_P(MigrationsTest, FinishOrUndoAStepThatBrokeOffOnMysql) {
  if (!IsMysql()) GTEST_SKIP() << "only MySQL commits half a step";
  for (const auto kind : {Kind::kUp, Kind::kDown}) {
    ASSERT_TRUE(Go(Kind::kUpTo, 3));
    // As if the gateway had died amid the way up.
    Execute({"UPDATE schema_version SET applied_at = 0 WHERE version = 3",
             "DROP TABLE instance_loads", "ALTER TABLE policies DROP COLUMN version"});
    const auto done = Go(kind, 1);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(SchemaVersion(Options()), kind == Kind::kUp ? NewestSchemaVersion() : 2);
    EXPECT_TRUE(Open()->LoadConfiguration());
    ASSERT_TRUE(Go(Kind::kReset));
    EXPECT_EQ(Tables(), "schema_version ");
  }
}

TEST_P(MigrationsTest, RunOnceWhenTenGatewaysStartAtOnce) {
  constexpr int kGateways = 10;
  std::latch start(kGateways);
  std::atomic<int> steps{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < kGateways; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      const auto done = Go(Kind::kUp);
      EXPECT_TRUE(done) << done.error().message;
      if (done) steps += static_cast<int>(done->size());
      const auto opened = Store::Open(Options(), clock);
      EXPECT_TRUE(opened) << opened.error().message;
    });
  }
  threads.clear();
  EXPECT_EQ(steps, static_cast<int>(Migrations().size()));
}

}  // namespace
}  // namespace gateway::store
