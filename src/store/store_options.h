// How the store reaches its database.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace gateway::store {

struct StoreOptions {
  std::string url = "sqlite::memory:";                  // see store_url.h; may hold a password
  std::size_t connections = 4;                          // at most; opened when they are needed
  std::chrono::milliseconds acquire_timeout{5'000};     // waiting for a free connection
  std::chrono::milliseconds connect_timeout{5'000};     // whole seconds count, at least 2
  std::chrono::milliseconds statement_timeout{10'000};  // of one statement, and its waits for locks
  bool migrate = true;  // false: a database with pending migrations is refused

  bool operator==(const StoreOptions&) const = default;
};

}  // namespace gateway::store
