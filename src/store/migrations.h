// The database's schema in numbered steps, each of which can be taken back.
//
// The table schema_version has a row for each step that was applied. Every function here runs in
// one transaction: it is done as a whole or not at all, also with two gateways starting at once.
// A database with steps that this binary does not know is refused: kUnsupported.
// Threads: any; those taking a Database as the Database says.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace gateway::store {

class Database;

struct MigrationState {
  int version = 0;
  std::string name;                        // "configuration"
  std::optional<Clock::WallTime> applied;  // nothing: not applied yet
};

// The version that this binary needs.
int NewestSchemaVersion();

// What `trino-gateway migrate ...` does; `url` as for Store::Open(), whose errors they share.
// Applies all missing steps and returns them; none when the schema is up to date already.
Expected<std::vector<MigrationState>> MigrateUp(std::string_view url, const Clock& clock);
// Takes back the last `steps` applied ones, newest first, with the data they hold, and returns
// them. kInvalidArgument: more steps than are applied, or less than one.
Expected<std::vector<MigrationState>> MigrateDown(std::string_view url, int steps);
// All steps, known or applied, in order.
Expected<std::vector<MigrationState>> MigrationStatus(std::string_view url);
// Of the newest step applied; 0 for an empty database. Reports newer versions too.
Expected<int> SchemaVersion(std::string_view url);

// The same on an open connection, for Store::Open().
Expected<std::vector<MigrationState>> MigrateUp(Database& database, const Clock& clock);

}  // namespace gateway::store
