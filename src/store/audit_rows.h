// Lines of the audit log as rows. Private to this room; throws what SOCI throws.
#pragma once

#include <cstddef>
#include <cstdint>

#include <soci/soci.h>

#include "base/clock.h"
#include "store/audit.h"
#include "store/dialect.h"

namespace gateway::store {

// Within a transaction that holds the counter's lock, which keeps the ids apart.
void InsertAudit(soci::session& sql, const AuditEntry& entry, Clock::WallTime now);

// In a transaction that sees one moment.
AuditPage ReadAudit(soci::session& sql, Engine engine, const AuditFilter& filter);

// See Store::PurgeAudit().
std::uint64_t DeleteAudit(soci::session& sql, Clock::WallTime older_than, std::size_t at_most);

}  // namespace gateway::store
