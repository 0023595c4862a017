#include "store/server_time.h"

#include "store/timestamps.h"

namespace gateway::store {

long long ServerNow(soci::session& sql, Engine engine, const Clock& clock) {
  long long now = 0;
  switch (engine) {
    case Engine::kSqlite:
      return ToMillis(clock.WallNow());
    case Engine::kPostgresql:
      // now() would be the start of the transaction, before it waited for a lock.
      sql << "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)", soci::into(now);
      return now;
    case Engine::kMysql:
      // Local times are ambiguous once a year.
      sql << "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000",
          soci::into(now);
      return now;
  }
  return now;
}

}  // namespace gateway::store
