// Policies: from the facts of a request to the groups that may take it.
//
// Each of the four dimensions (port, host, tags, connection properties) in which at least one
// enabled policy matches narrows the groups to those of its matching policies; the result is their
// intersection. Then the order in which groups are tried: the intersection by id, then the
// fallback groups of the matching policies whose group is in it, then the default group. Disabled
// and unknown groups are left out. When no policy matches, or the intersection is empty, the
// default group alone is left, and the trace says so.
// Host matches with and without the port, case-insensitively; tags match as a set and as a whole.
// Threads: pure function. (The system that users come from: same dimensions and intersection;
// fallback_group was never read there, and host never matched.)
#pragma once

#include "model/snapshot.h"
#include "routing/decision.h"

namespace gateway::routing {

GroupChoice ChooseGroups(const RequestFacts& facts, const model::Snapshot& snapshot);

}  // namespace gateway::routing
