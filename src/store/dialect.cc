#include "store/dialect.h"

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <soci/mysql/soci-mysql.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/sqlite3/soci-sqlite3.h>

namespace gateway::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Any number does, as long as all gateways use the same one: "tgw" and a 1.
constexpr long long kMigrationLock = 0x74677701;

std::string Quoted(std::string_view value) {
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

long long ToWholeSeconds(milliseconds time, long long at_least) {
  return std::max<long long>(at_least, std::chrono::ceil<seconds>(time).count());
}

std::string PostgresqlConnectString(const StoreUrl& url, const StoreOptions& options) {
  auto text =
      fmt::format("host={} port={} dbname={} connect_timeout={}", Quoted(url.host), url.port,
                  Quoted(url.database), ToWholeSeconds(options.connect_timeout, 2));
  if (!url.user.empty()) text += " user=" + Quoted(url.user);
  if (!url.password.empty()) text += " password=" + Quoted(url.password);
  // A server whose machine vanished is noticed, also while we wait for its answer.
  text += fmt::format(
      " keepalives_idle=10 keepalives_interval=5 keepalives_count=3 "
      "tcp_user_timeout={} client_encoding=UTF8",
      options.statement_timeout.count());
  if (!url.options.contains("application_name")) text += " application_name=trino-gateway";
  for (const auto& [name, value] : url.options) text += fmt::format(" {}={}", name, Quoted(value));
  return text;
}

std::string MysqlConnectString(const StoreUrl& url, const StoreOptions& options) {
  auto text =
      fmt::format("host={} port={} db={} charset=utf8mb4 connect_timeout={}", Quoted(url.host),
                  url.port, Quoted(url.database), ToWholeSeconds(options.connect_timeout, 1));
  if (!url.user.empty()) text += " user=" + Quoted(url.user);
  if (!url.password.empty()) text += " pass=" + Quoted(url.password);
  for (const auto& [name, value] : url.options) {
    const auto soci_name = name == "ssl_ca"     ? "sslca"
                           : name == "ssl_cert" ? "sslcert"
                           : name == "ssl_key"  ? "sslkey"
                                                : "unix_socket";
    text += fmt::format(" {}={}", soci_name, Quoted(value));
  }
  return text;
}

bool IsBusy(const soci::soci_error& error) {
  const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
  return sqlite && (sqlite->result() & 0xff) == 5;
}

// Readers and the one writer do not wait for each other then. Two processes that do this to a new
// file at the same time hold what the other needs; SQLite ends such a stalemate by failing one of
// them at once, whatever its busy timeout, so we do the waiting.
void TurnOnWriteAheadLog(soci::session& sql, milliseconds busy_timeout) {
  constexpr milliseconds kPause{5};
  const auto deadline = std::chrono::steady_clock::now() + busy_timeout;
  while (true) {
    try {
      std::string mode;  // `memory` is what :memory: answers
      sql << "PRAGMA journal_mode = WAL", soci::into(mode);
      return;
    } catch (const soci::soci_error& error) {
      if (!IsBusy(error) || std::chrono::steady_clock::now() >= deadline) throw;
    }
    std::this_thread::sleep_for(kPause);
  }
}

bool IsMariaDb(soci::session& sql) {
  std::string version;
  sql << "SELECT VERSION()", soci::into(version);
  return version.find("MariaDB") != std::string::npos;
}

void ConfigureMysql(soci::session& sql, const StoreOptions& options) {
  const auto timeout = options.statement_timeout;
  sql << "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'";
  // Fewer locks between rows than the default: writers of history must not meet in deadlocks.
  sql << "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
  sql << fmt::format("SET SESSION innodb_lock_wait_timeout = {}", ToWholeSeconds(timeout, 1));
  sql << fmt::format("SET SESSION lock_wait_timeout = {}", ToWholeSeconds(timeout, 1));
  if (IsMariaDb(sql)) {
    sql << fmt::format("SET SESSION max_statement_time = {}",
                       static_cast<double>(timeout.count()) / 1000);
  } else {
    sql << fmt::format("SET SESSION max_execution_time = {}", timeout.count());
  }
}

// The driver would print what a server says on its way down to stderr, which is our log.
void Silence(soci::session& sql) {
  auto* connection = static_cast<soci::postgresql_session_backend*>(sql.get_backend())->conn_;
  PQsetNoticeProcessor(connection, [](void*, const char*) {}, nullptr);
}

// Without padding, so that 'a' and 'a ' differ as they do in the other databases.
std::string TableSuffix(std::string_view collation) {
  return fmt::format(" ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE {}", collation);
}

std::string TranslateWith(Engine engine, std::string_view statement, std::string_view collation) {
  constexpr std::string_view kText = "{text}";
  std::string text(statement);
  const auto* type = engine == Engine::kMysql ? "MEDIUMTEXT" : "TEXT";
  for (auto at = text.find(kText); at != std::string::npos; at = text.find(kText, at)) {
    text.replace(at, kText.size(), type);
  }
  if (engine == Engine::kMysql && text.starts_with("CREATE TABLE")) text += TableSuffix(collation);
  return text;
}

}  // namespace

bool HasTransactionalSchema(Engine engine) { return engine != Engine::kMysql; }

std::string ConnectString(const StoreUrl& url, const StoreOptions& options) {
  switch (url.engine) {
    case Engine::kSqlite:
      return fmt::format("dbname=\"{}\"", url.path);
    case Engine::kPostgresql:
      return PostgresqlConnectString(url, options);
    case Engine::kMysql:
      return MysqlConnectString(url, options);
  }
  return {};
}

void Configure(soci::session& sql, Engine engine, const StoreOptions& options, Access access) {
  const auto timeout_ms = options.statement_timeout.count();
  switch (engine) {
    case Engine::kSqlite:
      sql << fmt::format("PRAGMA busy_timeout = {}", timeout_ms);
      sql << "PRAGMA foreign_keys = ON";
      // Is kept in the file.
      if (access != Access::kLook) TurnOnWriteAheadLog(sql, options.statement_timeout);
      return;
    case Engine::kPostgresql:
      Silence(sql);
      // By statements and not by connect options, which poolers such as pgbouncer refuse.
      sql << fmt::format("SET statement_timeout = {}", timeout_ms);
      sql << fmt::format("SET lock_timeout = {}", timeout_ms);
      sql << "SET client_min_messages = error";
      return;
    case Engine::kMysql:
      ConfigureMysql(sql, options);
      return;
  }
}

int SocketOf(soci::session& sql, Engine engine) {
  if (engine == Engine::kPostgresql) {
    return PQsocket(static_cast<soci::postgresql_session_backend*>(sql.get_backend())->conn_);
  }
  if (engine == Engine::kMysql) {
    auto* connection = static_cast<soci::mysql_session_backend*>(sql.get_backend())->conn_;
    return static_cast<int>(mysql_get_socket(connection));
  }
  return -1;
}

void Begin(soci::session& sql, Engine engine, Access access) {
  const bool read = access == Access::kRead;
  switch (engine) {
    case Engine::kSqlite:
      // A transaction that began with a read fails at once, instead of waiting, when it needs the
      // write lock: so writers take it first.
      sql << (read ? "BEGIN" : "BEGIN IMMEDIATE");
      return;
    case Engine::kPostgresql:
      sql << (read ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
                   : "BEGIN ISOLATION LEVEL READ COMMITTED");
      return;
    case Engine::kMysql:
      if (read) sql << "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";
      sql << (read ? "START TRANSACTION READ ONLY" : "START TRANSACTION");
      return;
  }
}

std::string BytesOf(Engine engine, std::string_view column) {
  // SQLite has OCTET_LENGTH since 3.43 only; LENGTH of a text counts characters.
  return engine == Engine::kSqlite ? fmt::format("LENGTH(CAST({} AS BLOB))", column)
                                   : fmt::format("OCTET_LENGTH({})", column);
}

std::string_view ForUpdate(Engine engine) { return engine == Engine::kSqlite ? "" : " FOR UPDATE"; }

Expected<void> LockMigrations(soci::session& sql, Engine engine, seconds limit) {
  if (engine == Engine::kPostgresql) {
    sql << fmt::format("SET LOCAL statement_timeout = {}", milliseconds(limit).count());
    sql << fmt::format("SET LOCAL lock_timeout = {}", milliseconds(limit).count());
    sql << fmt::format("SELECT pg_advisory_xact_lock({})", kMigrationLock);
  } else if (engine == Engine::kMysql) {
    if (IsMariaDb(sql)) sql << "SET SESSION max_statement_time = 0";
    sql << fmt::format("SET SESSION lock_wait_timeout = {}", limit.count());
    // The name is one for the whole server; ours is for this database.
    int locked = 0;
    soci::indicator indicator = soci::i_null;
    sql << fmt::format("SELECT GET_LOCK(CONCAT('trino_gateway.', MD5(DATABASE())), {})",
                       limit.count()),
        soci::into(locked, indicator);
    if (indicator != soci::i_ok || locked != 1) {
      return Fail(ErrorCode::kUnavailable,
                  "another gateway is migrating this database; try again when it has finished",
                  Origin::kStore);
    }
  }
  return {};
}

std::string_view CountVersionTables(Engine engine) {
  switch (engine) {
    case Engine::kSqlite:
      return "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'";
    case Engine::kPostgresql:
      return "SELECT COUNT(*) FROM pg_catalog.pg_class "
             "WHERE oid = pg_catalog.to_regclass('schema_version')";
    case Engine::kMysql:
      return "SELECT COUNT(*) FROM information_schema.tables "
             "WHERE table_schema = DATABASE() AND table_name = 'schema_version'";
  }
  return {};
}

std::string Translate(soci::session& sql, Engine engine, std::string_view statement) {
  const bool mariadb = engine == Engine::kMysql && IsMariaDb(sql);
  return TranslateWith(engine, statement, mariadb ? "utf8mb4_nopad_bin" : "utf8mb4_0900_bin");
}

std::string TranslateForDisplay(Engine engine, std::string_view statement) {
  return TranslateWith(engine, statement, "utf8mb4_nopad_bin");
}

namespace {

std::string InsertInto(std::string_view table,
                       std::span<const std::string_view> keys,
                       std::span<const std::string_view> others,
                       std::size_t rows) {
  std::vector<std::string_view> columns(keys.begin(), keys.end());
  columns.insert(columns.end(), others.begin(), others.end());
  auto statement = fmt::format("INSERT INTO {} ({}) VALUES ", table, fmt::join(columns, ", "));
  for (std::size_t row = 0; row < rows; ++row) {
    statement += row == 0 ? "(" : ", (";
    for (std::size_t i = 0; i < columns.size(); ++i) {
      statement += fmt::format("{}:{}_{}", i == 0 ? "" : ", ", columns[i], row);
    }
    statement += ")";
  }
  return statement;
}

}  // namespace

std::string InsertMissing(Engine engine,
                          std::string_view table,
                          std::string_view key,
                          std::span<const std::string_view> others) {
  // MySQL's INSERT IGNORE would pass over other errors, too.
  return InsertInto(table, std::array{key}, others, 1) +
         fmt::format(fmt::runtime(engine == Engine::kMysql ? " ON DUPLICATE KEY UPDATE {0} = {0}"
                                                           : " ON CONFLICT ({0}) DO NOTHING"),
                     key);
}

std::string Upsert(Engine engine,
                   std::string_view table,
                   std::span<const std::string_view> keys,
                   std::span<const std::string_view> others,
                   std::size_t rows) {
  auto statement = InsertInto(table, keys, others, rows);
  const bool mysql = engine == Engine::kMysql;
  statement += mysql ? " ON DUPLICATE KEY UPDATE "
                     : fmt::format(" ON CONFLICT ({}) DO UPDATE SET ", fmt::join(keys, ", "));
  for (std::size_t i = 0; i < others.size(); ++i) {
    statement += fmt::format(fmt::runtime(mysql ? "{0}{1} = VALUES({1})" : "{0}{1} = excluded.{1}"),
                             i == 0 ? "" : ", ", others[i]);
  }
  return statement;
}

}  // namespace gateway::store
