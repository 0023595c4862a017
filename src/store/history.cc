#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <soci/soci.h>

#include "store/audit_rows.h"
#include "store/database.h"
#include "store/edit_state.h"
#include "store/filter.h"
#include "store/store.h"
#include "store/text.h"
#include "store/timestamps.h"
#include "store/within.h"

namespace gateway::store {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxName = 255;  // as wide as the columns
constexpr std::size_t kMaxShortName = 64;
constexpr std::size_t kMaxId = 128;
constexpr std::size_t kMaxText = 1 << 20;

constexpr std::array kKeys = {"id"sv};
constexpr std::array kOthers = {"query_text"sv,  "user_name"sv, "source"sv,
                                "client"sv,      "group_id"sv,  "backend_id"sv,
                                "server_host"sv, "trace"sv,     "submitted_at"sv};
constexpr std::string_view kColumns =
    "id, query_text, user_name, source, client, group_id, backend_id, server_host, trace, "
    "submitted_at";

// How many rows one statement takes. Servers are a round trip away. SQLite is not, and looks each
// parameter up by its name among all of a statement: the time is that of their square.
std::size_t RowsPerStatement(Engine engine) { return engine == Engine::kSqlite ? 8 : 100; }

// MariaDB takes 16 MiB in one packet by default, and escaping may double a text.
constexpr std::size_t kStatementBytes = 1 << 20;

// A record as its columns take it.
struct Row {
  std::array<std::string, 9> texts;
  long long submitted = 0;
};

std::size_t BytesOf(const Row& row) {
  std::size_t bytes = 0;
  for (const auto& text : row.texts) bytes += text.size();
  return bytes;
}

Row RowOf(const QueryRecord& record) {
  return {{MakeStorable(record.id, kMaxId), MakeStorable(record.text, kMaxText),
           MakeStorable(record.user, kMaxName), MakeStorable(record.source, kMaxName),
           MakeStorable(record.client, kMaxName), MakeStorable(record.group_id, kMaxShortName),
           MakeStorable(record.backend_id, kMaxShortName),
           MakeStorable(record.server_host, kMaxName), MakeStorable(record.trace, kMaxText)},
          ToMillis(record.submitted)};
}

QueryRecord RecordOf(Row row) {
  auto& [id, text, user, source, client, group_id, backend_id, server_host, trace] = row.texts;
  return {.id = std::move(id),
          .text = std::move(text),
          .user = std::move(user),
          .source = std::move(source),
          .client = std::move(client),
          .group_id = std::move(group_id),
          .backend_id = std::move(backend_id),
          .server_host = std::move(server_host),
          .trace = std::move(trace),
          .submitted = FromMillis(row.submitted)};
}

void WriteRows(soci::session& sql, const std::string& insertion, std::span<const Row> rows) {
  soci::statement statement(sql);
  for (const auto& row : rows) {
    for (const auto& text : row.texts) statement.exchange(soci::use(text));
    statement.exchange(soci::use(row.submitted));
  }
  statement.alloc();
  statement.prepare(insertion);
  statement.define_and_bind();
  statement.execute(true);
}

void UpsertRows(soci::session& sql, Engine engine, std::span<const Row> rows) {
  WriteRows(sql, Upsert(engine, "queries", kKeys, kOthers, rows.size()), rows);
}

// Each id once, its last record: one statement must not write a row twice.
std::vector<Row> RowsOf(std::span<const QueryRecord> records) {
  std::map<std::string, std::size_t> places;
  std::vector<Row> rows;
  for (const auto& record : records) {
    auto row = RowOf(record);
    const auto [place, added] = places.try_emplace(row.texts[0], rows.size());
    if (added) {
      rows.push_back(std::move(row));
    } else {
      rows[place->second] = std::move(row);
    }
  }
  return rows;
}

// All columns, in the order of kColumns, of the rows that `filter` lets through.
std::vector<QueryRecord> ReadRecords(soci::session& sql, Filter& filter, std::string_view tail) {
  std::vector<QueryRecord> records;
  QueryRecord row;
  long long submitted = 0;
  auto rows =
      filter.Prepare(sql, fmt::format("SELECT {} FROM queries{}{}", kColumns, filter.where(), tail),
                     row.id, row.text, row.user, row.source, row.client, row.group_id,
                     row.backend_id, row.server_host, row.trace, submitted);
  rows.execute();
  while (rows.fetch()) {
    row.submitted = FromMillis(submitted);
    records.push_back(row);
  }
  return records;
}

// `id`: as it is stored. Nothing: there is no such record.
std::optional<QueryRecord> ReadRecord(soci::session& sql, const std::string& id) {
  Filter filter;
  filter.Equals("id", id);
  auto records = ReadRecords(sql, filter, "");
  return records.empty() ? std::nullopt : std::optional(std::move(records.front()));
}

// At most kMaxTotal + 1: counting all of a long history would take longer than reading a page of
// it.
std::uint64_t CountRecords(soci::session& sql, Filter& filter) {
  unsigned long long total = 0;
  auto rows = filter.Prepare(
      sql,
      fmt::format("SELECT COUNT(*) FROM (SELECT id FROM queries{} LIMIT {}) AS counted",
                  filter.where(), QueryPage::kMaxTotal + 1),
      total);
  rows.execute(true);
  return total;
}

Filter FilterOf(const QueryFilter& wanted) {
  Filter filter;
  filter.Equals("user_name", MakeStorable(wanted.user, kMaxName));
  filter.Equals("source", MakeStorable(wanted.source, kMaxName));
  filter.Equals("backend_id", MakeStorable(wanted.backend_id, kMaxShortName));
  filter.Equals("group_id", MakeStorable(wanted.group_id, kMaxShortName));
  if (wanted.from) filter.Compare("submitted_at", ">=", ToMillis(*wanted.from));
  if (wanted.to) filter.Compare("submitted_at", "<", ToMillis(*wanted.to));
  return filter;
}

}  // namespace

Expected<void> Store::SaveQueries(std::span<const QueryRecord> records) {
  if (auto ready = EnsureReady(); !ready) return ready;
  const auto rows = RowsOf(records);
  const auto save = [&](soci::session& sql) -> Expected<void> {
    std::span rest(rows);
    while (!rest.empty()) {
      const auto count = CountWithin(rest, RowsPerStatement(database_->engine()), kStatementBytes,
                                     [](const Row& row) { return BytesOf(row); });
      UpsertRows(sql, database_->engine(), rest.first(count));
      rest = rest.subspan(count);
    }
    return {};
  };
  return database_->Run(Access::kWrite, "cannot save the history of queries", save);
}

QueryRecord AsStored(const QueryRecord& query) { return RecordOf(RowOf(query)); }

Expected<bool> Store::AddQuery(const QueryRecord& query) {
  if (auto ready = EnsureReady(); !ready) return std::unexpected(ready.error());
  const std::array row = {RowOf(query)};
  const auto wanted = RecordOf(row[0]);
  const auto add = [&](soci::session& sql) -> Expected<bool> {
    WriteRows(sql, InsertMissing(database_->engine(), "queries", kKeys[0], kOthers), row);
    return ReadRecord(sql, wanted.id) == wanted;
  };
  return database_->Run(Access::kWrite, "cannot save a query in the history", add);
}

Expected<std::optional<QueryRecord>> ConfigurationEdit::SaveQuery(const QueryRecord& query) {
  std::optional<QueryRecord> replaced;
  auto saved = state_.Guarded("cannot save a query in the history", [&] {
    const std::array row = {RowOf(query)};
    replaced = ReadRecord(state_.sql, row[0].texts[0]);
    UpsertRows(state_.sql, state_.database.engine(), row);
  });
  if (!saved) return std::unexpected(std::move(saved).error());
  return replaced;
}

Expected<QueryRecord> Store::FindQuery(std::string_view id) {
  if (auto ready = EnsureReady(); !ready) return std::unexpected(ready.error());
  const auto key = MakeStorable(id, kMaxId);
  const auto find = [&](soci::session& sql) -> Expected<QueryRecord> {
    auto record = key.empty() ? std::nullopt : ReadRecord(sql, key);
    if (record) return *std::move(record);
    return Fail(ErrorCode::kNotFound, fmt::format("query '{}' is not in the history", key),
                Origin::kStore);
  };
  return database_->Run(Access::kStatement, "cannot read the history of queries", find);
}

Expected<QueryPage> Store::ListQueries(const QueryFilter& wanted) {
  if (auto ready = EnsureReady(); !ready) return std::unexpected(ready.error());
  const auto list = [&](soci::session& sql) -> Expected<QueryPage> {
    auto filter = FilterOf(wanted);
    const auto* order = wanted.ascending ? "ASC" : "DESC";
    const auto tail = [&](std::size_t limit) {
      return fmt::format(" ORDER BY submitted_at {}, id {} LIMIT {} OFFSET {}", order, order, limit,
                         wanted.offset);
    };
    const auto engine = database_->engine();
    const auto bytes =
        fmt::format("{} + {}", BytesOf(engine, "query_text"), BytesOf(engine, "trace"));
    const auto sizes = ReadSizes(sql, filter, bytes, "queries", tail(wanted.limit));
    QueryPage page;
    page.items = ReadRecords(sql, filter, tail(CountWithin(sizes, wanted.limit, wanted.max_bytes)));
    const auto counted = CountRecords(sql, filter);
    page.total = std::min(counted, QueryPage::kMaxTotal);
    page.has_more = counted > page.total;
    return page;
  };
  return database_->Run(Access::kRead, "cannot read the history of queries", list);
}

Expected<std::uint64_t> Store::PurgeQueries(Clock::WallTime older_than, std::size_t at_most) {
  if (auto ready = EnsureReady(); !ready) return std::unexpected(ready.error());
  const auto purge = [&](soci::session& sql) -> Expected<std::uint64_t> {
    const auto limit = ToMillis(older_than);
    // The inner table has a name of its own because MySQL limits no subquery otherwise.
    soci::statement deletion =
        (sql.prepare << fmt::format(
             "DELETE FROM queries WHERE id IN (SELECT id FROM (SELECT id FROM queries "
             "WHERE submitted_at < :before ORDER BY submitted_at LIMIT {}) AS old)",
             at_most),
         soci::use(limit));
    deletion.execute(true);
    return static_cast<std::uint64_t>(std::max(0LL, deletion.get_affected_rows()));
  };
  return database_->Run(Access::kWrite, "cannot purge the history of queries", purge);
}

Expected<AuditPage> Store::ListAudit(const AuditFilter& filter) {
  if (auto ready = EnsureReady(); !ready) return std::unexpected(ready.error());
  const auto list = [&](soci::session& sql) -> Expected<AuditPage> {
    return ReadAudit(sql, database_->engine(), filter);
  };
  return database_->Run(Access::kRead, "cannot read the audit log", list);
}

Expected<std::uint64_t> Store::PurgeAudit(Clock::WallTime older_than, std::size_t at_most) {
  if (auto ready = EnsureReady(); !ready) return std::unexpected(ready.error());
  const auto purge = [&](soci::session& sql) -> Expected<std::uint64_t> {
    return DeleteAudit(sql, older_than, at_most);
  };
  return database_->Run(Access::kWrite, "cannot purge the audit log", purge);
}

}  // namespace gateway::store
