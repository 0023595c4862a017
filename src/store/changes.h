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

// What the counter moves to from `counter`: a step at random, so that it never has a number twice.
// Two numbers that are equal mean the same state, also when the database was restored from a backup
// in between and written on.
std::uint64_t NextCounter(std::uint64_t counter);

// Moves it, and wakes the listeners once the transaction is committed.
void MoveCounter(soci::session& sql, Engine engine, std::uint64_t next);

}  // namespace gateway::store
