// The database's schema in numbered steps, each of which can be taken back.
//
// The table schema_version has a row for each step that was applied. One gateway at a time changes
// the schema; the others wait for it. On SQLite and PostgreSQL all steps of a call are done as a
// whole or not at all. MySQL commits every change of a table by itself: there a step that broke off
// is marked as half done, and the next call in either direction finishes or undoes it.
// A database with steps that this binary does not know is refused: kUnsupported.
// Errors else: kUnavailable as Store's, and those named below. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "store/store_options.h"

namespace gateway::store {

class Database;

struct MigrationState {
  int version = 0;
  std::string name;                        // "configuration"
  std::optional<Clock::WallTime> applied;  // nothing: not applied yet, or only half
  bool half_done = false;                  // broke off in mid-way, on MySQL only
};

// Where the schema shall go.
struct MigrationGoal {
  enum class Kind : std::uint8_t { kUp, kUpTo, kDown, kDownTo, kRedo, kReset };
  Kind kind = Kind::kUp;
  int number = 0;  // kUpTo, kDownTo: the version; kDown: how many steps; else unused
};

// One step up or down.
struct MigrationStep {
  int version = 0;
  std::string name;
  bool up = true;
  std::vector<std::string> sql;  // in the words of the database, one statement each
};

// The version that this binary needs.
int NewestSchemaVersion();

// Goes there and returns the steps taken; none when the schema is there already. `dry_run`: only
// says what would be done, and neither creates nor locks anything.
// kInvalidArgument: no such version, the wrong direction, or more steps down than are applied.
Expected<std::vector<MigrationStep>> Migrate(const StoreOptions& options,
                                             const MigrationGoal& goal,
                                             const Clock& clock,
                                             bool dry_run = false);

// All steps, known or applied, in order. Only reads; a missing SQLite file stays missing.
Expected<std::vector<MigrationState>> MigrationStatus(const StoreOptions& options);

// Of the newest step applied; 0 for an empty or missing database. Reports newer versions too.
Expected<int> SchemaVersion(const StoreOptions& options);

// On an open database: takes all pending steps and returns those that this call took, not those of
// another gateway; or, where that is not allowed, kConflict when there are some.
Expected<std::vector<MigrationStep>> BringUpToDate(Database& database, const Clock& clock);

}  // namespace gateway::store
