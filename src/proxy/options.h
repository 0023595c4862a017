// Settings of the data path. Defaults are those documented in docs/configuration.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/url.h"
#include "delegated_auth/options.h"
#include "proxy/retry_budget.h"
#include "rules/external_router_options.h"

namespace gateway::proxy {

struct ListenerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;        // 0: any free one
  std::optional<Url> external_url;  // what clients see instead, behind a TLS balancer say
  bool delegated_auth = false;      // credentials are checked; a policy can switch it on, too
  // Balancers whose X-Forwarded-For is believed. Empty: the client is who made the connection.
  std::vector<AddressBlock> trusted_proxies;
};

struct ProxyTimeouts {
  std::chrono::milliseconds request_head{10'000};    // first byte until the end of a head
  std::chrono::milliseconds client_idle{75'000};     // between two requests of a connection
  std::chrono::milliseconds request_body{60'000};    // between two pieces of a request's body
  std::chrono::milliseconds connect{3'000};          // to a backend
  std::chrono::milliseconds submit_head{30'000};     // statement sent until its answer begins
  std::chrono::milliseconds response_head{300'000};  // other requests; long polls last seconds
  std::chrono::milliseconds response_body{60'000};   // between two pieces of an answer's body
  std::chrono::milliseconds half_closed{3'000};      // client ended its side: answer must begin
  std::chrono::milliseconds upstream_idle{50'000};   // an unused connection to a backend
  std::chrono::milliseconds shutdown_grace{30'000};  // SIGTERM until exchanges are cut off
};

struct ProxyLimits {
  std::size_t head_bytes = 64 * 1024;
  std::size_t header_count = 200;
  std::size_t replay_bytes = 256 * 1024;  // a statement up to this size can be sent elsewhere
  std::size_t client_connections = 10'000;
  std::size_t upstream_idle_per_backend = 64;  // for each worker
};

struct ProxyOptions {
  std::vector<ListenerOptions> listeners;
  ProxyTimeouts timeouts;
  ProxyLimits limits;
  RetryOptions retries;
  unsigned workers = 0;        // 0: one for each CPU this process may use
  bool backend_header = true;  // X-Trino-Gateway-Backend on answers to submissions
  bool refuse_transactions = false;
  std::string session_header;  // tells sessions apart before trace token and client info do
  std::optional<rules::ExternalRouterOptions> external_router;
  std::optional<delegated_auth::DelegatedAuthOptions> delegated_auth;
};

}  // namespace gateway::proxy
