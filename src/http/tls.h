// TLS over a connection's socket, behind an interface that keeps OpenSSL out of other headers.
//
// Threads: one event loop only. Source: RFC 8446, RFC 9525 (names).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/buffer.hpp>

#include "http/asio.h"

namespace gateway::http {

// One TLS session. Reading and writing may overlap; each at most once at a time.
class TlsStream {
 public:
  virtual ~TlsStream() = default;

  virtual Awaitable<error_code> Handshake() = 0;
  virtual void AsyncRead(asio::mutable_buffer into,
                         std::function<void(error_code, std::size_t)> done) = 0;
  virtual Awaitable<std::pair<error_code, std::size_t>> Write(asio::const_buffer from) = 0;
};

// What clients of a process share: the trusted authorities.
class TlsClient {
 public:
  // Trusts the authorities of the PEM file `ca_file` only; empty: those of the system. A file that
  // cannot be read trusts nobody.
  explicit TlsClient(std::string ca_file = "");
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  // A session over `socket`, which must outlive it. The peer must show a certificate for `host`.
  std::unique_ptr<TlsStream> Open(TcpSocket& socket, const std::string& host);

 private:
  struct Impl;
  const std::string ca_file_;
  std::unique_ptr<Impl> impl_;  // made with the first session: most deployments have none
};

}  // namespace gateway::http
