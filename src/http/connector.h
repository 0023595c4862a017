// Makes connections: resolves a name, connects within a deadline, does the TLS handshake.
//
// Threads: one event loop only.
// Memory: the last answer of the name service for each address, kept for a few seconds.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/strings.h"
#include "base/url.h"
#include "http/asio.h"
#include "http/connection.h"
#include "http/deadlines.h"
#include "http/tls.h"

namespace gateway::http {

class Connector {
 public:
  // `io` and `deadlines` must outlive the connector and its connections.
  Connector(asio::io_context& io, Deadlines& deadlines);

  // A new connection to `url`, with Origin kBackend. `https` checks the certificate against the
  // authorities of `tls` (null: those of the system) and the host name. `tls` must outlive the
  // connection.
  // kRefused: no connection could be made. kTlsVersion, kTlsCertificate: TLS failed for that.
  // kTimeout: not done by `deadline`. The message names step and address:
  // "connect http://trino:8080: Connection refused".
  Awaitable<Expected<ConnectionPtr>> Connect(const Url& url,
                                             Clock::TimePoint deadline,
                                             TlsClient* tls = nullptr);

 private:
  struct Resolved {
    std::vector<tcp::endpoint> endpoints;
    Clock::TimePoint until;
  };

  Awaitable<Expected<std::vector<tcp::endpoint>>> Resolve(const Url& url);
  Awaitable<Expected<TcpSocket>> ConnectTcp(const Url& url, Clock::TimePoint deadline);

  asio::io_context& io_;
  Deadlines& deadlines_;
  TlsClient tls_;
  std::unordered_map<std::string, Resolved, StringHash, std::equal_to<>> resolved_;
};

}  // namespace gateway::http
