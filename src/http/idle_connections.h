// Connections that nobody uses at the moment, kept to be used again.
//
// Each is watched: when the peer closes it or sends anything, it is dropped at once, so that a
// request hardly ever meets a dead one.
// Threads: one event loop only.
// Memory: at most `per_key` connections of Connection::kSmallBuffer for each key; a key is
// forgotten with its last connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/strings.h"
#include "http/connection.h"
#include "http/deadlines.h"

namespace gateway::http {

class IdleConnections {
 public:
  struct Limits {
    std::size_t per_key;
    std::chrono::milliseconds idle_timeout;
    // Of a connection, from when it was made; zero: none. A new one follows a changed name, and
    // sees a changed certificate.
    std::chrono::milliseconds life{0};
  };

  // `deadlines` must outlive this and its connections.
  IdleConnections(Deadlines& deadlines, Limits limits) : deadlines_(deadlines), limits_(limits) {}
  ~IdleConnections() { Clear(); }
  IdleConnections(const IdleConnections&) = delete;
  IdleConnections& operator=(const IdleConnections&) = delete;

  // An open one that was kept under `key`; null: there is none.
  ConnectionPtr Take(std::string_view key);

  // Keeps a connection on which a whole exchange has ended properly, or closes it: it may have
  // ended, be too old, or one too many.
  void Keep(std::string key, ConnectionPtr connection);

  // Closes all of them.
  void Clear();

 private:
  bool Usable(const Connection& connection) const;
  void Drop(const std::string& key, const Connection* connection);

  Deadlines& deadlines_;
  const Limits limits_;
  std::unordered_map<std::string, std::vector<ConnectionPtr>, StringHash, std::equal_to<>> idle_;
};

}  // namespace gateway::http
