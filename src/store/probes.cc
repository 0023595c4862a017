// The calls of Store by which instances share probes.
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <soci/soci.h>

#include "store/database.h"
#include "store/probe_json.h"
#include "store/server_time.h"
#include "store/store.h"

namespace gateway::store {
namespace {

using namespace std::string_view_literals;
using std::chrono::milliseconds;

// How many terms of this instance another one's may last: their settings may differ.
constexpr long long kLongestTerms = 20;

struct ProbeLease {
  std::string holder;
  long long expires = 0;
};

// No other instance reads or writes it until the transaction ends.
ProbeLease LockLease(soci::session& sql, Engine engine) {
  ProbeLease lease;
  sql << fmt::format("SELECT holder, expires_at FROM leases WHERE name = 'monitor'{}",
                     ForUpdate(engine)),
      soci::into(lease.holder), soci::into(lease.expires);
  return lease;
}

void WriteLease(soci::session& sql, const ProbeLease& lease) {
  sql << "UPDATE leases SET holder = :holder, expires_at = :expires WHERE name = 'monitor'",
      soci::use(lease.holder), soci::use(lease.expires);
}

}  // namespace

Expected<bool> Store::HoldProbeLease(std::string_view holder, milliseconds term) {
  if (auto ready = EnsureReady(); !ready) return std::unexpected(ready.error());
  const auto hold = [&](soci::session& sql) -> Expected<bool> {
    const auto engine = database_->engine();
    const auto lease = LockLease(sql, engine);
    const auto now = ServerNow(sql, engine, clock_);
    // Nobody takes it for so long: the server's clock has gone back since.
    const bool too_far = lease.expires - now > kLongestTerms * term.count();
    if (lease.holder != holder && lease.expires > now && !too_far) return false;
    WriteLease(sql, {std::string(holder), now + term.count()});
    return true;
  };
  return database_->Run(Access::kWrite, "cannot take the lease of probes", hold);
}

Expected<void> Store::ReleaseProbeLease(std::string_view holder) {
  if (auto ready = EnsureReady(); !ready) return ready;
  const auto release = [&](soci::session& sql) -> Expected<void> {
    if (LockLease(sql, database_->engine()).holder == holder) WriteLease(sql, {});
    return {};
  };
  return database_->Run(Access::kWrite, "cannot give the lease of probes back", release);
}

Expected<void> Store::SaveProbes(std::string_view holder,
                                 const std::vector<model::ProbeResult>& results) {
  if (auto ready = EnsureReady(); !ready) return ready;
  const auto save = [&](soci::session& sql) -> Expected<void> {
    const auto engine = database_->engine();
    const auto lease = LockLease(sql, engine);
    const auto now = ServerNow(sql, engine, clock_);
    if (lease.holder != holder || lease.expires <= now) {
      return Fail(ErrorCode::kAborted, "another instance probes for all by now", Origin::kStore);
    }
    const auto upsert = Upsert(engine, "probe_results", std::array{"backend_id"sv},
                               std::array{"found"sv, "measured_at"sv});
    for (const auto& result : results) {
      const auto age = std::chrono::duration_cast<milliseconds>(clock_.Now() - result.measured);
      const auto found = WriteProbe(result);
      const long long measured = now - age.count();
      sql << upsert, soci::use(result.backend_id), soci::use(found), soci::use(measured);
    }
    return {};
  };
  return database_->Run(Access::kWrite, "cannot save what probes found", save);
}

// As with loads, what is from a little later than now counts: as just measured.
Expected<std::vector<model::ProbeResult>> Store::LoadProbes(milliseconds valid_for) {
  if (auto ready = EnsureReady(); !ready) return std::unexpected(ready.error());
  const auto load = [&](soci::session& sql) -> Expected<std::vector<model::ProbeResult>> {
    std::vector<model::ProbeResult> results;
    std::string backend_id;
    std::string found;
    long long measured = 0;
    const auto now = ServerNow(sql, database_->engine(), clock_);
    const long long oldest = now - valid_for.count();
    const long long latest = now + valid_for.count();
    soci::statement rows =
        (sql.prepare
             << "SELECT backend_id, found, measured_at FROM probe_results "
                "WHERE measured_at >= :oldest AND measured_at <= :latest ORDER BY backend_id",
         soci::use(oldest), soci::use(latest), soci::into(backend_id), soci::into(found),
         soci::into(measured));
    rows.execute();
    while (rows.fetch()) {
      model::ProbeResult result;
      if (auto read = ReadProbe(found, result); !read) return std::unexpected(read.error());
      result.backend_id = backend_id;
      result.measured = clock_.Now() - milliseconds(std::max(now - measured, 0LL));
      results.push_back(std::move(result));
    }
    return results;
  };
  return database_->Run(Access::kStatement, "cannot read what probes found", load);
}

}  // namespace gateway::store
