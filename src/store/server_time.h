// The time by which instances agree on leases: that of the database's server, as their own clocks
// may differ. Private to this room.
#pragma once

#include <soci/soci.h>

#include "base/clock.h"
#include "store/store_url.h"

namespace gateway::store {

// Milliseconds since 1970 UTC, now. SQLite has no server: who shares a file shares a clock, which
// is `clock`.
long long ServerNow(soci::session& sql, Engine engine, const Clock& clock);

}  // namespace gateway::store
