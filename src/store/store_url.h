// Where the database is: the one URL of the configuration file, taken apart.
//
//   sqlite:PATH, sqlite::memory:
//   postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full    (also postgres://)
//   mysql://USER:PASSWORD@HOST:PORT/DATABASE?ssl_ca=/etc/ca.pem          (also mariadb://)
// User, password and database may be percent-encoded. Nothing here puts a password into an error.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gateway::store {

enum class Engine : std::uint8_t { kSqlite, kPostgresql, kMysql };

// "SQLite", "PostgreSQL", "MySQL".
std::string_view NameOf(Engine engine);

struct StoreUrl {
  Engine engine = Engine::kSqlite;
  std::string path;  // of SQLite's file, or `:memory:`
  std::string user;
  std::string password;
  std::string host;
  std::uint16_t port = 0;
  std::string database;
  std::map<std::string, std::string> options;  // those that ParseStoreUrl() allows

  bool InMemory() const { return engine == Engine::kSqlite && path == ":memory:"; }
  // For messages: `postgresql://gateway@db:5432/gateway`, without password and options.
  std::string ToDisplay() const;

  bool operator==(const StoreUrl&) const = default;
};

// kUnsupported: another scheme. kInvalidArgument: says which part is wrong and what is allowed.
Expected<StoreUrl> ParseStoreUrl(std::string_view url);

}  // namespace gateway::store
