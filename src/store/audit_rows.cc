#include "store/audit_rows.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "store/filter.h"
#include "store/text.h"
#include "store/timestamps.h"
#include "store/within.h"

namespace gateway::store {
namespace {

// As wide as the columns.
constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxShortName = 64;
constexpr std::size_t kMaxMethod = 128;

}  // namespace

void InsertAudit(soci::session& sql, const AuditEntry& entry, Clock::WallTime at) {
  const auto now = ToMillis(at);
  const auto actor = MakeStorable(entry.actor, kMaxName);
  const auto role = MakeStorable(entry.role, kMaxShortName);
  const auto client = MakeStorable(entry.client, kMaxName);
  const auto method = MakeStorable(entry.method, kMaxMethod);
  const auto kind = MakeStorable(entry.kind, kMaxShortName);
  const auto object_id = MakeStorable(entry.object_id, kMaxName);
  const auto before = MakeStorable(entry.before);
  const auto after = MakeStorable(entry.after);
  long long id = 0;
  sql << "SELECT COALESCE(MAX(id), 0) + 1 FROM audit_log", soci::into(id);
  sql << "INSERT INTO audit_log (id, written_at, actor, role_name, client, method, kind, "
         "object_id, "
         "value_before, value_after) VALUES (:id, :at, :actor, :role, :client, :method, :kind, "
         ":object, :before, :after)",
      soci::use(id), soci::use(now), soci::use(actor), soci::use(role), soci::use(client),
      soci::use(method), soci::use(kind), soci::use(object_id), soci::use(before), soci::use(after);
}

AuditPage ReadAudit(soci::session& sql, Engine engine, const AuditFilter& wanted) {
  Filter filter;
  filter.Equals("actor", wanted.actor);
  filter.Equals("kind", wanted.kind);
  filter.Equals("object_id", wanted.object_id);
  if (wanted.from) filter.Compare("written_at", ">=", ToMillis(*wanted.from));
  if (wanted.to) filter.Compare("written_at", "<", ToMillis(*wanted.to));
  if (wanted.before_id > 0) filter.Compare("id", "<", wanted.before_id);

  const auto tail = [](std::size_t limit) {
    return fmt::format(" ORDER BY id DESC LIMIT {}", limit);
  };
  const auto bytes =
      fmt::format("{} + {}", BytesOf(engine, "value_before"), BytesOf(engine, "value_after"));
  const auto sizes = ReadSizes(sql, filter, bytes, "audit_log", tail(wanted.limit));
  const auto count = CountWithin(sizes, wanted.limit, wanted.max_bytes);

  // A full page may be the last one.
  AuditPage page{.has_more = count == wanted.limit || count < sizes.size()};
  AuditEntry row;
  long long id = 0;
  long long at = 0;
  auto rows = filter.Prepare(
      sql,
      fmt::format("SELECT id, written_at, actor, role_name, client, method, kind, object_id, "
                  "value_before, value_after FROM audit_log{}{}",
                  filter.where(), tail(count)),
      id, at, row.actor, row.role, row.client, row.method, row.kind, row.object_id, row.before,
      row.after);
  rows.execute();
  while (rows.fetch()) {
    row.id = id;
    row.at = FromMillis(at);
    page.entries.push_back(row);
  }
  return page;
}

// Entries are in the order of their time, so the oldest ones are looked at and nothing else. The
// newest one stays: the next id is counted from it.
std::uint64_t DeleteAudit(soci::session& sql, Clock::WallTime older_than, std::size_t at_most) {
  const auto before = ToMillis(older_than);
  long long newest = 0;
  sql << "SELECT COALESCE(MAX(id), 0) FROM audit_log", soci::into(newest);
  // The inner table has a name of its own because MySQL limits no subquery otherwise.
  soci::statement deletion =
      (sql.prepare << fmt::format(
           "DELETE FROM audit_log WHERE id < :newest AND written_at < :before AND id IN "
           "(SELECT id FROM (SELECT id FROM audit_log ORDER BY id LIMIT {}) AS oldest)",
           at_most),
       soci::use(newest), soci::use(before));
  deletion.execute(true);
  return static_cast<std::uint64_t>(std::max(0LL, deletion.get_affected_rows()));
}

}  // namespace gateway::store
