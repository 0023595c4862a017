// TLS over a connection's socket, behind an interface that keeps OpenSSL out of other headers.
//
// Threads: one event loop only. Source: RFC 8446, RFC 9525 (names).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/buffer.hpp>

#include "base/error.h"
#include "http/asio.h"

namespace gateway::http {

// One TLS session. Reading and writing may overlap; each at most once at a time.
class TlsStream {
 public:
  virtual ~TlsStream() = default;

  // kTlsVersion, kTlsCertificate: what does not fit, in words. kClosed: anything else.
  virtual Awaitable<Expected<void>> Handshake() = 0;
  virtual void AsyncRead(asio::mutable_buffer into,
                         std::function<void(error_code, std::size_t)> done) = 0;
  virtual Awaitable<std::pair<error_code, std::size_t>> Write(asio::const_buffer from) = 0;
};

struct TlsOptions {
  std::string ca_file;           // PEM, the trusted authorities; empty: those of the system
  std::string certificate_file;  // PEM, our certificate and its chain; empty: we show none
  std::string key_file;          // PEM, the private key of that

  bool operator==(const TlsOptions&) const = default;
};

// What sessions to the same kind of servers share: trusted authorities, our own certificate.
class TlsClient {
 public:
  // Trusts the system's authorities and shows no certificate.
  TlsClient();
  // kInvalidArgument: a file cannot be read, or key and certificate do not fit each other.
  static Expected<std::shared_ptr<TlsClient>> Create(const TlsOptions& options);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  // A session over `socket`, which must outlive it. The peer must show a certificate for `host`.
  std::unique_ptr<TlsStream> Open(TcpSocket& socket, const std::string& host);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;  // made with the first session: most deployments have none
};

}  // namespace gateway::http
