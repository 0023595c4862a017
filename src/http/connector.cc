#include "http/connector.h"

#include <memory>

#include <fmt/format.h>

namespace gateway::http {
namespace {

// Ends a connect attempt that takes too long.
class ConnectDeadline final : public Expiring {
 public:
  ConnectDeadline(Deadlines& deadlines, TcpSocket& socket, Clock::TimePoint deadline)
      : Expiring(deadlines), socket_(socket) {
    SetDeadline(deadline);
  }
  bool expired() const { return expired_; }

 protected:
  void Expire() override {
    expired_ = true;
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  TcpSocket& socket_;
  bool expired_ = false;
};

}  // namespace

Connector::Connector(asio::io_context& io, Deadlines& deadlines)
    : io_(io), deadlines_(deadlines), addresses_(deadlines, SystemLookUp(io)) {}

Awaitable<Expected<TcpSocket>> Connector::ConnectTcp(const Url& url, Clock::TimePoint deadline) {
  const auto endpoints = co_await addresses_.Find(url, deadline);
  if (!endpoints) co_return std::unexpected(endpoints.error());
  std::string reason = "no address";
  for (const auto& endpoint : *endpoints) {
    TcpSocket socket(io_.get_executor());
    const ConnectDeadline watch(deadlines_, socket, deadline);
    const auto [ec] = co_await socket.async_connect(endpoint, kTuple);
    if (watch.expired()) {
      co_return Fail(ErrorCode::kTimeout, fmt::format("connect {}: timed out", url.ToString()),
                     Origin::kBackend);
    }
    if (!ec) co_return std::move(socket);
    reason = ec.message();
  }
  co_return Fail(ErrorCode::kRefused, fmt::format("connect {}: {}", url.ToString(), reason),
                 Origin::kBackend);
}

Awaitable<Expected<ConnectionPtr>> Connector::Connect(const Url& url,
                                                      Clock::TimePoint deadline,
                                                      TlsClient* tls) {
  auto socket = co_await ConnectTcp(url, deadline);
  if (!socket) co_return std::unexpected(std::move(socket).error());
  auto connection = std::make_shared<Connection>(std::move(*socket), Origin::kBackend, deadlines_);
  if (!url.tls) co_return connection;

  connection->SetDeadline(deadline);
  const auto shaken = co_await connection->StartTls(tls ? *tls : tls_, url.host);
  connection->ClearDeadline();
  if (shaken) co_return connection;
  auto code = shaken.error().code;
  if (code == ErrorCode::kClosed) code = ErrorCode::kRefused;
  co_return Fail(code, fmt::format("tls {}: {}", url.ToString(), shaken.error().message),
                 Origin::kBackend);
}

}  // namespace gateway::http
