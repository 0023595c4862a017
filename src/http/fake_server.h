// An HTTP server for tests that answers with the bytes a test gives it. For *_test.cc only.
//
// It listens on a free loopback port. A connection serves one request after the other, until
// one of the two says that it is the last one, or it is answered with no bytes at all.
// Threads: the event loop of `io` only.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "base/strings.h"
#include "base/url.h"
#include "http/asio.h"
#include "http/head.h"

namespace gateway::http {

struct FakeRequest {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;

  // The value of the first field of that name; empty when there is none.
  std::string Field(std::string_view name) const {
    for (const auto& [known, value] : fields) {
      if (EqualsIgnoreCase(known, name)) return value;
    }
    return {};
  }
};

// An answer with its framing; `fields` are whole lines with their CRLF.
inline std::string Answer(int status, std::string_view body, std::string_view fields = "") {
  return fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), fields,
                     body);
}

class FakeServer {
 public:
  // The bytes to send; nothing: the client waits in vain.
  using Handler = std::function<std::optional<std::string>(const FakeRequest&)>;

  FakeServer(asio::io_context& io, Handler handler)
      : shared_(std::make_shared<Shared>(io, std::move(handler))) {
    asio::co_spawn(io, Accept(shared_), Rethrow);
  }
  ~FakeServer() { Stop(); }

  Url url() const { return {false, "127.0.0.1", shared_->port}; }
  // All requests so far.
  const std::vector<FakeRequest>& requests() const { return shared_->requests; }
  // Forgets all requests and the connections that have ended, and gives their memory back.
  void Forget() {
    shared_->requests = {};
    std::erase_if(shared_->open, [](const auto& weak) { return weak.expired(); });
    shared_->open.shrink_to_fit();
  }
  // How many connections were made to it.
  std::size_t connections() const { return shared_->open.size(); }
  // Connections that neither side has ended yet.
  auto open() const {
    return std::ranges::count_if(shared_->open, [](const auto& weak) { return !weak.expired(); });
  }
  // Answers come one byte at a time from now on, and after the last one nothing and no end.
  void Drip() { shared_->drip = true; }
  // Refuses connections from now on and ends those there are.
  void Stop() {
    error_code ignored;
    shared_->acceptor.close(ignored);
    for (const auto& weak : shared_->open) {
      if (const auto socket = weak.lock()) socket->close(ignored);
    }
  }

 private:
  using Socket = std::shared_ptr<TcpSocket>;

  struct Shared {
    Shared(asio::io_context& context, Handler handle)
        : io(context),
          acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          port(acceptor.local_endpoint().port()),
          handler(std::move(handle)) {}

    asio::io_context& io;
    TcpAcceptor acceptor;
    const std::uint16_t port;
    const Handler handler;
    std::vector<FakeRequest> requests;
    std::vector<std::weak_ptr<TcpSocket>> open;
    bool drip = false;
  };

  static void Rethrow(const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  }

  static Awaitable<void> Accept(std::shared_ptr<Shared> shared) {
    while (true) {
      const auto socket = std::make_shared<TcpSocket>(shared->io.get_executor());
      const auto [ec] = co_await shared->acceptor.async_accept(*socket, kTuple);
      if (ec) co_return;
      shared->open.push_back(socket);
      asio::co_spawn(shared->io, Serve(shared, socket), Rethrow);
    }
  }

  static Awaitable<void> Serve(std::shared_ptr<Shared> shared, Socket socket) {
    while (true) {
      const auto request = co_await Receive(*socket);
      if (!request) co_return;
      shared->requests.push_back(*request);
      const auto answer = shared->handler(*request);
      if (answer && shared->drip) co_await SendSlowly(*socket, *answer);
      if (!answer || shared->drip) {
        std::array<char, 1> nothing;  // until the client leaves or Stop() closes
        co_await socket->async_read_some(asio::buffer(nothing), kTuple);
        co_return;
      }
      co_await asio::async_write(*socket, asio::buffer(*answer), kTuple);
      const bool last = answer->empty() || answer->find("Connection: close\r\n") != answer->npos ||
                        request->Field("Connection") == "close";
      if (last) co_return;
    }
  }

  static Awaitable<std::optional<FakeRequest>> Receive(TcpSocket& socket) {
    std::string bytes;
    std::array<char, 4096> piece;
    while (true) {
      if (const auto end = FindHeadEnd(bytes); end != std::string_view::npos) {
        auto request = Parse(bytes.substr(0, end));
        const auto length = std::strtoull(request.Field("Content-Length").c_str(), nullptr, 10);
        request.body = bytes.substr(end);
        if (request.body.size() >= length) co_return request;
      }
      const auto [ec, size] = co_await socket.async_read_some(asio::buffer(piece), kTuple);
      if (ec) co_return std::nullopt;
      bytes.append(piece.data(), size);
      // The first byte of TLS: a server without it answers that this is no request.
      if (bytes.front() == '\x16') co_return FakeRequest{};
    }
  }

  static FakeRequest Parse(const std::string& text) {
    FakeRequest request;
    RequestHead head;
    if (!ParseRequestHead(text, 100, head)) return request;  // a test then misses its method
    request.method = head.method;
    request.target = head.target;
    for (const auto& [name, value] : head.fields) request.fields.emplace_back(name, value);
    return request;
  }

  static Awaitable<void> SendSlowly(TcpSocket& socket, std::string answer) {
    Timer timer(socket.get_executor());
    for (std::size_t i = 0; i < answer.size(); ++i) {
      const auto [ec, size] =
          co_await asio::async_write(socket, asio::buffer(answer.data() + i, 1), kTuple);
      if (ec) co_return;
      timer.expires_after(std::chrono::milliseconds(5));
      co_await timer.async_wait(kTuple);
    }
  }

  std::shared_ptr<Shared> shared_;
};

}  // namespace gateway::http
