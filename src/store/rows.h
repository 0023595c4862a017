// Reads stored objects back into the model. Private to this room.
#pragma once

#include <vector>

#include <soci/soci.h>

#include "base/error.h"
#include "model/configuration.h"

namespace gateway::store {

// Throw what SOCI throws. kInternal: a value that this program does not write; the message names
// the object.
Expected<std::vector<model::Backend>> ReadBackends(soci::session& sql);
Expected<std::vector<model::Group>> ReadGroups(soci::session& sql);
Expected<std::vector<model::Policy>> ReadPolicies(soci::session& sql);

}  // namespace gateway::store
