#include "store/migrations.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <ranges>

#include <fmt/format.h>
#include <soci/soci.h>

#include "store/database.h"
#include "store/migration_plan.h"
#include "store/schema.h"
#include "store/timestamps.h"

namespace gateway::store {
namespace {

using States = std::vector<MigrationState>;
using Plan = std::vector<PlannedStep>;

// Long enough for another gateway's migration of large tables.
constexpr std::chrono::minutes kLockLimit{10};
// In the column applied_at: the step was begun, in either direction, and not ended.
constexpr long long kHalfDone = 0;
constexpr std::string_view kMigrating = "cannot migrate the database";
constexpr std::string_view kReading = "cannot read the schema version";

constexpr std::string_view kCreateVersionTable =
    "CREATE TABLE IF NOT EXISTS schema_version ("
    "version INTEGER NOT NULL PRIMARY KEY, name VARCHAR(64) NOT NULL, applied_at BIGINT NOT NULL)";

States ReadApplied(soci::session& sql, Engine engine) {
  int tables = 0;
  sql << CountVersionTables(engine), soci::into(tables);
  States applied;
  if (tables == 0) return applied;

  MigrationState row;
  long long applied_at = 0;
  soci::statement rows =
      (sql.prepare << "SELECT version, name, applied_at FROM schema_version ORDER BY version",
       soci::into(row.version), soci::into(row.name), soci::into(applied_at));
  rows.execute();
  while (rows.fetch()) {
    row.half_done = applied_at == kHalfDone;
    row.applied = row.half_done ? std::nullopt : std::optional(FromMillis(applied_at));
    applied.push_back(row);
  }
  return applied;
}

// `resumed`: it may have been run before, by a call that broke off.
void RunStatement(soci::session& sql,
                  Database& database,
                  std::string_view statement,
                  bool resumed) {
  const auto translated = Translate(sql, database.engine(), statement);
  try {
    sql << translated;
  } catch (const std::exception& error) {
    const auto failure = Explain(database.url(), error);
    if (!resumed || !(failure.exists_already || failure.is_gone)) throw;
  }
}

void SetAppliedAt(soci::session& sql, const Migration& step, long long applied_at) {
  sql << "UPDATE schema_version SET applied_at = :at WHERE version = :version",
      soci::use(applied_at), soci::use(step.version);
}

// Marked as half done first, so that where each statement is committed by itself the state is told.
void TakeStep(soci::session& sql,
              Database& database,
              const PlannedStep& planned,
              Clock::WallTime now) {
  const auto& step = *planned.migration;
  const auto applied = ReadApplied(sql, database.engine());
  const auto state = std::ranges::find(applied, step.version, &MigrationState::version);
  const bool known = state != applied.end();
  const bool resumed = known && state->half_done;
  if (planned.up && !known) {
    const std::string name(step.name);
    sql << "INSERT INTO schema_version (version, name, applied_at) VALUES (:version, :name, :at)",
        soci::use(step.version), soci::use(name), soci::use(kHalfDone);
  } else {
    SetAppliedAt(sql, step, kHalfDone);
  }
  for (const auto statement : planned.up ? step.up : step.down) {
    RunStatement(sql, database, statement, resumed);
  }
  if (planned.up) {
    SetAppliedAt(sql, step, std::max(ToMillis(now), kHalfDone + 1));
  } else {
    sql << "DELETE FROM schema_version WHERE version = :version", soci::use(step.version);
  }
}

std::vector<MigrationStep> Describe(const Plan& plan, Engine engine) {
  std::vector<MigrationStep> steps;
  for (const auto& planned : plan) {
    const auto& step = *planned.migration;
    MigrationStep described{step.version, std::string(step.name), planned.up, {}};
    for (const auto statement : planned.up ? step.up : step.down) {
      described.sql.push_back(TranslateForDisplay(engine, statement));
    }
    steps.push_back(std::move(described));
  }
  return steps;
}

// On a database that this call alone migrates.
Expected<Plan> PlanAndTakeSteps(soci::session& sql,
                                Database& database,
                                const MigrationGoal& goal,
                                const Clock& clock) {
  if (auto locked = LockMigrations(sql, database.engine(), kLockLimit); !locked) {
    return std::unexpected(locked.error());
  }
  sql << Translate(sql, database.engine(), kCreateVersionTable);
  auto plan = PlanMigration(ReadApplied(sql, database.engine()), goal);
  if (!plan) return plan;
  for (const auto& planned : *plan) TakeStep(sql, database, planned, clock.WallNow());
  return plan;
}

Expected<Plan> Migrate(Database& database, const MigrationGoal& goal, const Clock& clock) {
  return database.Run(Access::kMigrate, kMigrating, [&](soci::session& sql) {
    return PlanAndTakeSteps(sql, database, goal, clock);
  });
}

// Nothing: a SQLite file that does not exist, and that only looking at it would create.
Expected<States> ReadStates(const StoreOptions& options, Engine& engine) {
  auto url = ParseStoreUrl(options.url);
  if (!url) return std::unexpected(url.error());
  engine = url->engine;
  if (engine == Engine::kSqlite && !std::filesystem::exists(url->path)) return States();
  Database database(*std::move(url), options);
  return database.Run(Access::kLook, kReading, [&](soci::session& sql) -> Expected<States> {
    return ReadApplied(sql, engine);
  });
}

}  // namespace

int NewestSchemaVersion() { return Migrations().back().version; }

Expected<std::vector<MigrationStep>> Migrate(const StoreOptions& options,
                                             const MigrationGoal& goal,
                                             const Clock& clock,
                                             bool dry_run) {
  if (dry_run) {
    Engine engine{};
    const auto applied = ReadStates(options, engine);
    if (!applied) return std::unexpected(applied.error());
    const auto plan = PlanMigration(*applied, goal);
    if (!plan) return std::unexpected(plan.error());
    return Describe(*plan, engine);
  }
  auto url = ParseStoreUrl(options.url);
  if (!url) return std::unexpected(url.error());
  Database database(*std::move(url), options);
  const auto plan = Migrate(database, goal, clock);
  if (!plan) return std::unexpected(plan.error());
  return Describe(*plan, database.engine());
}

Expected<std::vector<MigrationState>> MigrationStatus(const StoreOptions& options) {
  Engine engine{};
  auto states = ReadStates(options, engine);
  if (!states) return states;
  for (const auto& step : Migrations()) {
    if (std::ranges::find(*states, step.version, &MigrationState::version) != states->end()) {
      continue;
    }
    states->push_back({step.version, std::string(step.name), std::nullopt});
  }
  std::ranges::sort(*states, {}, &MigrationState::version);
  return states;
}

Expected<int> SchemaVersion(const StoreOptions& options) {
  Engine engine{};
  const auto states = ReadStates(options, engine);
  if (!states) return std::unexpected(states.error());
  return states->empty() ? 0 : states->back().version;
}

Expected<std::vector<MigrationStep>> BringUpToDate(Database& database, const Clock& clock) {
  const auto applied = database.Run(
      Access::kStatement, kReading,
      [&](soci::session& sql) -> Expected<States> { return ReadApplied(sql, database.engine()); });
  if (!applied) return std::unexpected(applied.error());
  const auto pending = PlanMigration(*applied, {});
  if (!pending) return std::unexpected(pending.error());
  if (pending->empty()) return std::vector<MigrationStep>();
  if (!database.options().migrate) {
    return Fail(ErrorCode::kConflict,
                fmt::format("the database needs {} migrations and store.migrate is false: run "
                            "'trino-gateway migrate up'",
                            pending->size()),
                Origin::kStore);
  }
  const auto done = Migrate(database, {}, clock);
  if (!done) return std::unexpected(done.error());
  return Describe(*done, database.engine());
}

}  // namespace gateway::store
