// Stored objects as rows. Private to this room; throws what SOCI throws.
#pragma once

#include <cstdint>
#include <string_view>

#include <soci/soci.h>

#include "base/clock.h"
#include "base/error.h"
#include "model/configuration.h"
#include "store/configuration_edit.h"

namespace gateway::store {

// All objects, each kind ordered by the bytes of its ids, as of `counter`. One bad row must not
// keep all others from every gateway, so it is left out and named; a policy that can be read but is
// not valid would match what nobody meant, so it is disabled.
StoredConfiguration ReadConfiguration(soci::session& sql, std::uint64_t counter);

// `exists`: the row is there already. `version` is stored as it is.
void WriteRow(soci::session& sql, const model::Backend& backend, bool exists, Clock::WallTime now);
void WriteRow(soci::session& sql, const model::Group& group, bool exists, Clock::WallTime now);
void WriteRow(soci::session& sql, const model::Policy& policy, bool exists, Clock::WallTime now);
void WriteRow(soci::session& sql, const model::Rule& rule, bool exists, Clock::WallTime now);

// Deletes the row and what hangs on it.
void DeleteRow(soci::session& sql, Kind kind, std::string_view id);

}  // namespace gateway::store
