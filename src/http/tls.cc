#include "http/tls.h"

#include <utility>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>

namespace gateway::http {
namespace {

namespace ssl = asio::ssl;

bool IsOfVersion(int reason) {
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_HTTP_REQUEST:
      return true;
    default:
      return false;
  }
}

bool IsOfCertificate(int reason) {
  switch (reason) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
}

class SocketTlsStream final : public TlsStream {
 public:
  SocketTlsStream(TcpSocket& socket, ssl::context& context, const std::string& host)
      : stream_(socket, context), host_(host) {
    error_code ignored;
    stream_.set_verify_mode(ssl::verify_peer, ignored);
    stream_.set_verify_callback(ssl::host_name_verification(host), ignored);
    SSL_set_tlsext_host_name(stream_.native_handle(), host.c_str());
  }

  Awaitable<Expected<void>> Handshake() override {
    const auto [ec] = co_await stream_.async_handshake(ssl::stream_base::client, kTuple);
    if (!ec) co_return Expected<void>();
    co_return std::unexpected(Explain(ec));
  }

  void AsyncRead(asio::mutable_buffer into,
                 std::function<void(error_code, std::size_t)> done) override {
    stream_.async_read_some(into, std::move(done));
  }

  Awaitable<std::pair<error_code, std::size_t>> Write(asio::const_buffer from) override {
    const auto [ec, size] = co_await stream_.async_write_some(from, kTuple);
    co_return std::pair(ec, size);
  }

 private:
  Error Explain(error_code ec) {
    if (ec.category() != asio::error::get_ssl_category()) {
      return {ErrorCode::kClosed, Origin::kBackend, ec.message()};
    }
    const int reason = ERR_GET_REASON(static_cast<unsigned long>(ec.value()));
    if (IsOfVersion(reason)) {
      return {ErrorCode::kTlsVersion, Origin::kBackend,
              fmt::format("the server speaks no TLS on this port, or none of version 1.2 or newer "
                          "({})",
                          ec.message())};
    }
    if (!IsOfCertificate(reason)) return {ErrorCode::kClosed, Origin::kBackend, ec.message()};
    const auto verified = SSL_get_verify_result(stream_.native_handle());
    if (reason != SSL_R_CERTIFICATE_VERIFY_FAILED) {
      return {ErrorCode::kTlsCertificate, Origin::kBackend,
              fmt::format("the server does not accept our certificate ({})", ec.message())};
    }
    // The name is checked last, by a callback that sets no code of its own.
    const bool other_name = verified == X509_V_OK || verified == X509_V_ERR_UNSPECIFIED;
    return {ErrorCode::kTlsCertificate, Origin::kBackend,
            other_name ? fmt::format("the server's certificate is not for '{}'", host_)
                       : fmt::format("the server's certificate is not trusted: {}",
                                     X509_verify_cert_error_string(verified))};
  }

  ssl::stream<TcpSocket&> stream_;
  const std::string host_;
};

}  // namespace

struct TlsClient::Impl {
  Impl() : context(ssl::context::tls_client) {
    error_code ignored;
    context.set_options(ssl::context::no_sslv3 | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1,
                        ignored);
  }
  ssl::context context;
};

TlsClient::TlsClient() = default;
TlsClient::~TlsClient() = default;

Expected<std::shared_ptr<TlsClient>> TlsClient::Create(const TlsOptions& options) {
  auto client = std::make_shared<TlsClient>();
  client->impl_ = std::make_unique<Impl>();
  auto& context = client->impl_->context;
  error_code ec;
  const auto failed = [&ec](std::string_view what, const std::string& file) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{} '{}' cannot be used: {}", what, file, ec.message()));
  };
  if (options.ca_file.empty()) {
    context.set_default_verify_paths(ec);
    ec.clear();  // without authorities every handshake fails and says why
  } else if (context.load_verify_file(options.ca_file, ec); ec) {
    return failed("the CA file", options.ca_file);
  }
  if (options.certificate_file.empty()) return client;
  if (context.use_certificate_chain_file(options.certificate_file, ec); ec) {
    return failed("the certificate", options.certificate_file);
  }
  // This also tells whether it belongs to the certificate.
  if (context.use_private_key_file(options.key_file, ssl::context::pem, ec); ec) {
    return failed("the private key", options.key_file);
  }
  return client;
}

std::unique_ptr<TlsStream> TlsClient::Open(TcpSocket& socket, const std::string& host) {
  if (!impl_) {
    impl_ = std::make_unique<Impl>();
    error_code ignored;  // without authorities every handshake fails and says why
    impl_->context.set_default_verify_paths(ignored);
  }
  return std::make_unique<SocketTlsStream>(socket, impl_->context, host);
}

}  // namespace gateway::http
