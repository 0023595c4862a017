// What somebody said about backends, as rows. Private to this room; throws what SOCI throws.
#pragma once

#include <vector>

#include <soci/soci.h>

#include "store/dialect.h"
#include "store/shared_state.h"

namespace gateway::store {

// Ordered by backend.
std::vector<BackendMark> ReadMarks(soci::session& sql);

// Replaces the mark of the backend.
void WriteMark(soci::session& sql, Engine engine, const BackendMark& mark);

}  // namespace gateway::store
