#include "http/tls.h"

#include <utility>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>

namespace gateway::http {
namespace {

namespace ssl = asio::ssl;

class SocketTlsStream final : public TlsStream {
 public:
  SocketTlsStream(TcpSocket& socket, ssl::context& context, const std::string& host)
      : stream_(socket, context) {
    error_code ignored;
    stream_.set_verify_mode(ssl::verify_peer, ignored);
    stream_.set_verify_callback(ssl::host_name_verification(host), ignored);
    SSL_set_tlsext_host_name(stream_.native_handle(), host.c_str());
  }

  Awaitable<error_code> Handshake() override {
    const auto [ec] = co_await stream_.async_handshake(ssl::stream_base::client, kTuple);
    co_return ec;
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
  ssl::stream<TcpSocket&> stream_;
};

}  // namespace

struct TlsClient::Impl {
  explicit Impl(const std::string& ca_file) : context(ssl::context::tls_client) {
    error_code ignored;  // without authorities every handshake fails and says why
    if (ca_file.empty()) {
      context.set_default_verify_paths(ignored);
    } else {
      context.load_verify_file(ca_file, ignored);
    }
    context.set_options(ssl::context::no_sslv3 | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1,
                        ignored);
  }
  ssl::context context;
};

TlsClient::TlsClient(std::string ca_file) : ca_file_(std::move(ca_file)) {}
TlsClient::~TlsClient() = default;

std::unique_ptr<TlsStream> TlsClient::Open(TcpSocket& socket, const std::string& host) {
  if (!impl_) impl_ = std::make_unique<Impl>(ca_file_);
  return std::make_unique<SocketTlsStream>(socket, impl_->context, host);
}

}  // namespace gateway::http
