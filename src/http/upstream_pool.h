// Connections to backends: made, kept while idle, and handed out again.
//
// Threads: each worker owns one pool and touches it on its event loop only.
// Memory: at most `idle_per_backend` connections of kSmallBuffer for each address.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/url.h"
#include "http/asio.h"
#include "http/connection.h"
#include "http/connector.h"
#include "http/idle_connections.h"

namespace gateway::http {

struct UpstreamOptions {
  std::chrono::milliseconds connect_timeout{3000};
  std::chrono::milliseconds idle_timeout{50000};
  std::size_t idle_per_backend = 64;
};

// Told of connections that come and go, for metrics; `authority` is Url::ToString().
struct UpstreamEvents {
  std::function<void(std::string_view authority)> connected;
  std::function<void(std::string_view authority)> disconnected;
};

class UpstreamPool {
 public:
  // `io` and `deadlines` must outlive the pool.
  UpstreamPool(asio::io_context& io,
               Deadlines& deadlines,
               UpstreamOptions options,
               UpstreamEvents events);

  struct Lease {
    ConnectionPtr connection;
    bool reused = false;  // it may have died without our knowledge: a repeat is in order
  };

  // A connection to `url`: an idle one unless `fresh`, else a new one.
  // kRefused: no connection could be made. kTimeout: not within the connect timeout.
  Awaitable<Expected<Lease>> Acquire(const Url& url, bool fresh);

  // Gives back a connection on which the whole exchange has ended properly.
  void Release(const Url& url, ConnectionPtr connection);

  // Closes all idle connections, and gives up lookups of names: for stopping.
  void Clear();

 private:
  Awaitable<Expected<ConnectionPtr>> Connect(const Url& url, std::string authority);

  Deadlines& deadlines_;
  Connector connector_;
  const UpstreamOptions options_;
  const UpstreamEvents events_;
  IdleConnections idle_;
};

}  // namespace gateway::http
