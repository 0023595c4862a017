// Which steps lead from the schema there is to the one that is wanted. Private to this room.
//
// Threads: pure functions.
#pragma once

#include <vector>

#include "base/error.h"
#include "store/migrations.h"
#include "store/schema.h"

namespace gateway::store {

struct PlannedStep {
  const Migration* migration;
  bool up;
};

// `applied`: in order; a half-done one is the last. See Migrate() for the errors.
Expected<std::vector<PlannedStep>> PlanMigration(const std::vector<MigrationState>& applied,
                                                 const MigrationGoal& goal);

}  // namespace gateway::store
