#include "store/migration_plan.h"

#include <fmt/format.h>

namespace gateway::store {
namespace {

const Migration& StepOf(int version) { return Migrations()[static_cast<std::size_t>(version - 1)]; }

std::unexpected<Error> Invalid(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), Origin::kClient);
}

Expected<void> RefuseNewer(int version) {
  if (version <= NewestSchemaVersion()) return {};
  return Fail(ErrorCode::kUnsupported,
              fmt::format("the database has schema version {}, this trino-gateway knows versions "
                          "up to {}: run the newer trino-gateway, or take its schema back with the "
                          "newer one's 'migrate down'",
                          version, NewestSchemaVersion()),
              Origin::kStore);
}

// The version to end at, seen from `current`.
Expected<int> TargetOf(const MigrationGoal& goal, int current) {
  using Kind = MigrationGoal::Kind;
  const int newest = NewestSchemaVersion();
  switch (goal.kind) {
    case Kind::kUp:
      return newest;
    case Kind::kUpTo:
      if (goal.number < 1 || goal.number > newest) {
        return Invalid(fmt::format("there is no version {}; known: 1 to {}", goal.number, newest));
      }
      if (goal.number < current) {
        return Invalid(
            fmt::format("the schema is at version {} already; 'migrate down-to {}' "
                        "takes it back",
                        current, goal.number));
      }
      return goal.number;
    case Kind::kDown:
      if (goal.number < 1 || goal.number > current) {
        return Invalid(
            fmt::format("cannot take back {} migrations: {} are applied", goal.number, current));
      }
      return current - goal.number;
    case Kind::kDownTo:
      if (goal.number < 0 || goal.number > current) {
        return Invalid(
            fmt::format("the schema is at version {}; down-to takes 0 to {}", current, current));
      }
      return goal.number;
    case Kind::kRedo:
      if (current == 0) return Invalid("there is no step to redo: none is applied");
      return current;
    case Kind::kReset:
      return 0;
  }
  return newest;
}

}  // namespace

Expected<std::vector<PlannedStep>> PlanMigration(const std::vector<MigrationState>& applied,
                                                 const MigrationGoal& goal) {
  const int current = applied.empty() ? 0 : applied.back().version;
  if (auto known = RefuseNewer(current); !known) return std::unexpected(known.error());
  const auto target = TargetOf(goal, current);
  if (!target) return std::unexpected(target.error());

  std::vector<PlannedStep> plan;
  const bool half_done = current > 0 && applied.back().half_done;
  if (goal.kind == MigrationGoal::Kind::kRedo) plan.push_back({&StepOf(current), false});
  // A half-done step counts as applied, so the way up starts with its rest.
  const bool finish = half_done && *target >= current && plan.empty();
  if (finish || goal.kind == MigrationGoal::Kind::kRedo) plan.push_back({&StepOf(current), true});
  for (int version = current + 1; version <= *target; ++version) {
    plan.push_back({&StepOf(version), true});
  }
  for (int version = current; version > *target; --version) {
    plan.push_back({&StepOf(version), false});
  }
  return plan;
}

}  // namespace gateway::store
