// The differences between the three databases, all in one place.
//
// Everything else in this room writes the SQL that they share.
// Private to this room. Threads: pure functions, but for those that take a session.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <soci/soci.h>

#include "base/error.h"
#include "store/store_options.h"
#include "store/store_url.h"

namespace gateway::store {

// How a unit of work uses the database.
enum class Access : std::uint8_t {
  kStatement,  // statements of their own; may run twice when the connection turns out to be stale
  kRead,       // a transaction that sees one moment
  kWrite,      // a transaction; may run again when it collided with another one
  kEdit,       // a transaction that runs once
  kLook,     // as kStatement, on a connection that changes nothing, not even a setting of the file
  kMigrate,  // one that waits long, for the databases that can take back changes of the schema
};

// Do changes of the schema belong to a transaction? MySQL commits each of them by itself.
bool HasTransactionalSchema(Engine engine);

// The driver's own notation of where and how to connect; holds the password.
std::string ConnectString(const StoreUrl& url, const StoreOptions& options);

// What a new connection is told first: time limits, isolation, durability.
void Configure(soci::session& sql, Engine engine, const StoreOptions& options, Access access);

// The socket of a connection; -1: it has none.
int SocketOf(soci::session& sql, Engine engine);

// Starts a transaction. Throws what SOCI throws.
void Begin(soci::session& sql, Engine engine, Access access);

// An expression: how many bytes the text of `column` has.
std::string BytesOf(Engine engine, std::string_view column);

// To be appended to a SELECT whose rows must not change until the transaction ends.
std::string_view ForUpdate(Engine engine);

// Waits until no other gateway migrates this database, for at most `limit`; holds that until the
// transaction ends or, on MySQL, the connection. kUnavailable: it took too long.
[[nodiscard]] Expected<void> LockMigrations(soci::session& sql,
                                            Engine engine,
                                            std::chrono::seconds limit);

// Counts the tables named schema_version: 0 or 1.
std::string_view CountVersionTables(Engine engine);

// A statement of schema.cc in this database's words: `{text}` is a column for texts of any length;
// a new table gets the character set and collation in which texts compare exactly. Asks MySQL and
// MariaDB which of the two it is.
std::string Translate(soci::session& sql, Engine engine, std::string_view statement);
// The same for a database that nobody is connected to.
std::string TranslateForDisplay(Engine engine, std::string_view statement);

// "Insert, or replace the row with the same key", for `rows` rows. The values are used by position,
// row by row.
std::string Upsert(Engine engine,
                   std::string_view table,
                   std::span<const std::string_view> keys,
                   std::span<const std::string_view> others,
                   std::size_t rows = 1);
// "Insert, or leave the row with the same key as it is", for one row.
std::string InsertMissing(Engine engine,
                          std::string_view table,
                          std::string_view key,
                          std::span<const std::string_view> others);

}  // namespace gateway::store
