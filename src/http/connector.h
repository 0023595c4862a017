// Makes connections: finds the addresses of a name, connects, does the TLS handshake; all of it
// within a deadline.
//
// Threads: one event loop only.
#pragma once

#include <chrono>

#include "base/error.h"
#include "base/url.h"
#include "http/address_book.h"
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

  // Lets no lookup keep the loop from its end, but for one that is under way.
  void GiveUpLookups() { addresses_.GiveUp(); }

 private:
  Awaitable<Expected<TcpSocket>> ConnectTcp(const Url& url, Clock::TimePoint deadline);

  asio::io_context& io_;
  Deadlines& deadlines_;
  TlsClient tls_;
  AddressBook addresses_;
};

}  // namespace gateway::http
