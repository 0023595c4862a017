// Checks that a change leaves every reference between objects whole.
//
// The file and the store change independently, so the database cannot hold these rules.
// Threads: pure functions.
#pragma once

#include <string_view>

#include "base/error.h"
#include "model/configuration.h"
#include "model/snapshot.h"

namespace gateway::admin {

// kConflict: `id` is declared in the file, so it cannot be created or deleted here.
Expected<void> CheckBackendIsOurs(const model::Configuration& file, std::string_view id);
Expected<void> CheckGroupIsOurs(const model::Configuration& file, std::string_view id);
Expected<void> CheckPolicyIsOurs(const model::Configuration& file, std::string_view id);

// kInvalidArgument: names something that does not exist.
Expected<void> CheckReferences(const model::Group& group, const model::Snapshot& snapshot);
Expected<void> CheckReferences(const model::Policy& policy, const model::Snapshot& snapshot);

// kConflict: something refers to it; the message names what.
Expected<void> CheckBackendIsFree(const model::Snapshot& snapshot, std::string_view id);
Expected<void> CheckGroupIsFree(const model::Snapshot& snapshot, std::string_view id);

}  // namespace gateway::admin
