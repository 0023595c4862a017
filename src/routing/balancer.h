// Strategies: from a group to one of its backends.
//
// Exact over all workers: the cursor of a group is shared and its lock is held for the pick alone.
// round_robin takes eligible members in turn; random is uniform; least_load takes the smallest
// BackendState::Load(), ties in turn, and counts the submission at once so that two simultaneous
// picks do not land on the same backend.
// Threads: any; `random` belongs to the calling thread.
#pragma once

#include <span>
#include <string>

#include "base/random.h"
#include "model/snapshot.h"
#include "routing/decision.h"

namespace gateway::routing {

struct Pick {
  const model::GroupState* group = nullptr;
  const model::BackendState* backend = nullptr;  // null: no eligible backend in any group
};

// The first group of `choice` with an eligible backend that is not in `excluded` (those that were
// tried already) decides. Adds one to the picked backend's `submissions`.
Pick PickBackend(const GroupChoice& choice,
                 std::span<const model::BackendState* const> excluded,
                 Random& random);

// Why nothing could be picked: "adhoc: c1 unhealthy (connect refused), c2 disabled". For the error
// answer, the log and explanations.
std::string ExplainUnavailable(const GroupChoice& choice);

}  // namespace gateway::routing
