// The counter that tells instances of changes, and whose lock puts writers in a row.
//
// Private to this room; throws what SOCI throws, and std::runtime_error when the row is not there.
#pragma once

#include <cstdint>

#include <soci/soci.h>

#include "store/dialect.h"

namespace gateway::store {

// Of PostgreSQL: LISTEN to this one.
inline constexpr const char* kChangeChannel = "trino_gateway_changes";

std::uint64_t ReadCounter(soci::session& sql);

// Holds the lock until the transaction ends.
std::uint64_t LockCounter(soci::session& sql, Engine engine);

// Adds one, and wakes the listeners once the transaction is committed.
void MoveCounter(soci::session& sql, Engine engine);

}  // namespace gateway::store
