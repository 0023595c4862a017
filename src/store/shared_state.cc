#include <array>
#include <string>
#include <utility>

#include <soci/soci.h>

#include "store/changes.h"
#include "store/database.h"
#include "store/mark_rows.h"
#include "store/server_time.h"
#include "store/store.h"
#include "store/timestamps.h"

namespace gateway::store {
namespace {

using namespace std::string_view_literals;
using std::chrono::milliseconds;

// Of an instance that never came back.
constexpr std::chrono::hours kForgetLoadsAfter{24};

}  // namespace

Expected<void> Store::SaveMark(const BackendMark& mark) {
  const auto edited = Edit("cannot save the mark of a backend",
                           [&](ConfigurationEdit& edit) { return edit.PutMark(mark); });
  if (!edited) return std::unexpected(edited.error());
  return {};
}

Expected<StoredMarks> Store::LoadMarks() {
  if (auto ready = EnsureReady(); !ready) return std::unexpected(ready.error());
  const auto load = [](soci::session& sql) -> Expected<StoredMarks> {
    const auto counter = ReadCounter(sql);
    return StoredMarks{ReadMarks(sql), counter};
  };
  return database_->Run(Access::kRead, "cannot read the marks of backends", load);
}

Expected<void> Store::SaveInstanceLoads(std::string_view instance_id,
                                        const std::vector<InstanceLoad>& loads) {
  if (auto ready = EnsureReady(); !ready) return ready;
  const auto save = [&](soci::session& sql) -> Expected<void> {
    const std::string instance(instance_id);
    const auto now = ServerNow(sql, database_->engine(), clock_);
    const long long oldest = now - milliseconds(kForgetLoadsAfter).count();
    sql << "DELETE FROM instance_loads WHERE instance_id = :id OR seen_at < :oldest",
        soci::use(instance), soci::use(oldest);
    const auto upsert =
        Upsert(database_->engine(), "instance_loads", std::array{"instance_id"sv, "backend_id"sv},
               std::array{"in_flight"sv, "queries"sv, "transactions"sv, "spooled"sv, "seen_at"sv});
    for (const auto& load : loads) {
      const auto in_flight = static_cast<long long>(load.left.exchanges);
      const auto queries = static_cast<long long>(load.left.queries);
      const auto transactions = static_cast<long long>(load.left.transactions);
      const int spooled = load.left.spooled ? 1 : 0;
      sql << upsert, soci::use(instance), soci::use(load.backend_id), soci::use(in_flight),
          soci::use(queries), soci::use(transactions), soci::use(spooled), soci::use(now);
    }
    return {};
  };
  return database_->Run(Access::kWrite, "cannot save the loads of this instance", save);
}

// Rows from a little later than now count: older instances write by clocks of their own, and
// somebody may have written since this transaction asked for the time. What is from later than that
// was written before the server's clock went back: whoever lives writes anew.
Expected<std::vector<InstanceLoad>> Store::LoadOtherInstanceLoads(std::string_view instance_id,
                                                                  milliseconds fresh) {
  if (auto ready = EnsureReady(); !ready) return std::unexpected(ready.error());
  const auto load = [&](soci::session& sql) -> Expected<std::vector<InstanceLoad>> {
    std::vector<InstanceLoad> loads;
    InstanceLoad row;
    long long in_flight = 0;
    long long queries = 0;
    long long transactions = 0;
    int spooled = 0;
    const std::string instance(instance_id);
    const auto now = ServerNow(sql, database_->engine(), clock_);
    const long long oldest = now - fresh.count();
    const long long latest = now + fresh.count();
    soci::statement rows =
        (sql.prepare << "SELECT instance_id, backend_id, in_flight, queries, transactions, spooled "
                        "FROM instance_loads "
                        "WHERE instance_id <> :id AND seen_at >= :oldest AND seen_at <= :latest "
                        "ORDER BY instance_id, backend_id",
         soci::use(instance), soci::use(oldest), soci::use(latest), soci::into(row.instance_id),
         soci::into(row.backend_id), soci::into(in_flight), soci::into(queries),
         soci::into(transactions), soci::into(spooled));
    rows.execute();
    while (rows.fetch()) {
      row.left = {static_cast<std::size_t>(queries), static_cast<std::size_t>(transactions),
                  static_cast<std::size_t>(in_flight), spooled != 0};
      loads.push_back(row);
    }
    return loads;
  };
  return database_->Run(Access::kStatement, "cannot read the loads of other instances", load);
}

Expected<void> Store::SaveSuffix(std::string_view suffix, std::string_view backend_id) {
  if (auto ready = EnsureReady(); !ready) return ready;
  const auto save = [&](soci::session& sql) -> Expected<void> {
    const std::string key(suffix);
    const std::string owner(backend_id);
    const auto now = ToMillis(clock_.WallNow());
    const auto oldest = ToMillis(clock_.WallNow() - kSuffixRetention);
    sql << "DELETE FROM coordinator_suffixes WHERE seen_at < :oldest", soci::use(oldest);
    sql << Upsert(database_->engine(), "coordinator_suffixes",
                  std::array{"suffix"sv, "backend_id"sv}, std::array{"seen_at"sv}),
        soci::use(key), soci::use(owner), soci::use(now);
    return {};
  };
  return database_->Run(Access::kWrite, "cannot save a suffix", save);
}

Expected<std::vector<SuffixSighting>> Store::LoadSuffixes() {
  if (auto ready = EnsureReady(); !ready) return std::unexpected(ready.error());
  const auto load = [&](soci::session& sql) -> Expected<std::vector<SuffixSighting>> {
    std::vector<SuffixSighting> sightings;
    SuffixSighting row;
    long long seen = 0;
    const auto oldest = ToMillis(clock_.WallNow() - kSuffixRetention);
    soci::statement rows =
        (sql.prepare << "SELECT suffix, backend_id, seen_at FROM coordinator_suffixes "
                        "WHERE seen_at >= :oldest ORDER BY seen_at, suffix, backend_id",
         soci::use(oldest), soci::into(row.suffix), soci::into(row.backend_id), soci::into(seen));
    rows.execute();
    while (rows.fetch()) {
      row.seen = FromMillis(seen);
      sightings.push_back(row);
    }
    return sightings;
  };
  return database_->Run(Access::kStatement, "cannot read suffixes", load);
}

}  // namespace gateway::store
