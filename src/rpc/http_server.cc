#include "rpc/http_server.h"

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

namespace gateway::rpc {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using http::Awaitable;
using http::error_code;
using http::kTuple;
using Stream = beast::basic_stream<http::tcp, http::Executor>;

constexpr std::uint32_t kMaxHead = 16 * 1024;
constexpr std::uint64_t kMaxBody = 1024UL * 1024;
constexpr std::size_t kMaxConnections = 256;
// How long and how much we listen to a client after refusing its request: closing at once would
// reset the connection and could take the answer with it.
constexpr std::chrono::seconds kLinger{1};
constexpr std::size_t kMaxLinger = 4 * kMaxBody;
constexpr std::chrono::milliseconds kAcceptPause{50};

std::string HeaderOf(const wire::fields& fields, std::string_view name) {
  const auto value = fields[beast::string_view(name.data(), name.size())];
  return std::string(value.data(), value.size());
}

Request ToRequest(wire::request<wire::string_body>&& message, std::string client) {
  return {.method = std::string(message.method_string()),
          .target = std::string(message.target()),
          .body = std::move(message.body()),
          .client = std::move(client),
          .auth_key = HeaderOf(message, "X-Auth-Key"),
          .authorization = HeaderOf(message, "Authorization"),
          .cookie = HeaderOf(message, "Cookie"),
          .origin = HeaderOf(message, "Origin"),
          .host = HeaderOf(message, "Host"),
          .content_type = HeaderOf(message, "Content-Type"),
          .if_match = HeaderOf(message, "If-Match")};
}

template <typename Body>
wire::response<Body> HeadOf(const Response& response, bool keep_alive) {
  wire::response<Body> message(wire::int_to_status(response.status), 11);
  if (response.status != 204) {
    message.set(wire::field::content_type,
                beast::string_view(response.content_type.data(), response.content_type.size()));
    message.content_length(response.body.size());
  }
  // Answers are of this moment and are data, never to be guessed to be a script or be framed.
  message.set(wire::field::cache_control, "no-store");
  message.set("X-Content-Type-Options", "nosniff");
  message.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  for (const auto& [name, value] : response.headers) {
    message.set(beast::string_view(name.data(), name.size()), value);
  }
  message.keep_alive(keep_alive);
  return message;
}

// The caller has set the stream's deadline.
Awaitable<bool> Send(Stream& stream, Response response, bool keep_alive, bool head_only) {
  if (head_only || response.status == 204) {
    auto message = HeadOf<wire::empty_body>(response, keep_alive);
    const auto [ec, bytes] = co_await wire::async_write(stream, message, kTuple);
    co_return !ec;
  }
  auto message = HeadOf<wire::string_body>(response, keep_alive);
  message.body() = std::move(response.body);
  const auto [ec, bytes] = co_await wire::async_write(stream, message, kTuple);
  co_return !ec;
}

// Tells the client that no more comes and lets it finish what it is sending.
Awaitable<void> Linger(Stream& stream, beast::flat_buffer& buffer) {
  error_code ignored;
  stream.socket().shutdown(http::tcp::socket::shutdown_send, ignored);
  stream.expires_after(kLinger);
  for (std::size_t total = 0; total < kMaxLinger;) {
    buffer.clear();
    const auto [ec, bytes] = co_await stream.async_read_some(buffer.prepare(4096), kTuple);
    if (ec) co_return;
    total += bytes;
  }
}

// The answer to a request that could not be read; nothing when there is nobody to answer.
std::optional<Response> ResponseTo(error_code why) {
  if (why == wire::error::header_limit) {
    return RestError(431, "too_large", fmt::format("the head is over {} bytes", kMaxHead));
  }
  if (why == wire::error::body_limit) {
    return RestError(413, "too_large", fmt::format("the body is over {} bytes", kMaxBody));
  }
  if (why == wire::error::end_of_stream || why == wire::error::partial_message ||
      why.category() != wire::make_error_code(wire::error::bad_value).category()) {
    return std::nullopt;
  }
  return RestError(400, "protocol", fmt::format("not valid HTTP: {}", why.message()));
}

}  // namespace

struct HttpServer::Connection {
  Stream stream;
  std::string client;
  beast::flat_buffer buffer{kMaxHead + kMaxBody};
  bool busy = false;  // with a request that has come completely
  std::uint64_t idle_since = 0;
};

HttpServer::HttpServer(HttpServerOptions options,
                       asio::io_context& io,
                       const HttpApi& api,
                       WorkPool& pool,
                       telemetry::Logger& logger)
    : options_(std::move(options)),
      io_(io),
      logger_(logger),
      api_(api),
      pool_(pool),
      acceptor_(io.get_executor()),
      change_(io.get_executor()) {}

Expected<std::uint16_t> HttpServer::Start() {
  error_code ec;
  const auto address = asio::ip::make_address(options_.host, ec);
  if (ec) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("admin address '{}' is not an IP address", options_.host));
  }
  const http::tcp::endpoint endpoint(address, options_.port);
  acceptor_.open(endpoint.protocol(), ec);
  if (!ec) acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) acceptor_.bind(endpoint, ec);
  if (!ec) acceptor_.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) {
    return Fail(ErrorCode::kConflict, fmt::format("cannot listen on admin address {} port {}: {}",
                                                  options_.host, options_.port, ec.message()));
  }
  Spawn(Accept());
  return acceptor_.local_endpoint().port();
}

void HttpServer::Stop() {
  stopping_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  for (auto* connection : connections_) {
    if (!connection->busy) connection->stream.close();
  }
  change_.cancel();
}

void HttpServer::Spawn(Awaitable<void> task) {
  ++tasks_;
  asio::co_spawn(io_, std::move(task), [this](const std::exception_ptr& failure) {
    if (failure) {
      logger_.Event(telemetry::Level::kError, "admin.task_failed",
                    {{"reason", "an exception left a connection; please report this"}});
    }
    TaskEnded();
  });
}

void HttpServer::TaskEnded() {
  --tasks_;
  change_.cancel();
}

Awaitable<void> HttpServer::WaitForChange() {
  change_.expires_after(kAcceptPause);
  co_await change_.async_wait(kTuple);
}

Awaitable<void> HttpServer::Accept() {
  while (!stopping_) {
    http::TcpSocket socket(io_.get_executor());
    const auto [ec] = co_await acceptor_.async_accept(socket, kTuple);
    if (stopping_) co_return;
    if (!ec) {
      // A full house: an idle one makes room; when all are busy the newcomer waits until one
      // leaves.
      while (!stopping_ && connections_.size() >= kMaxConnections) {
        EvictIdle();
        co_await WaitForChange();
      }
      Spawn(Serve(std::move(socket)));
      continue;
    }
    logger_.Event(telemetry::Level::kError, "admin.accept_failed", {{"reason", ec.message()}});
    co_await WaitForChange();  // out of descriptors: let some go
  }
}

bool HttpServer::EvictIdle() {
  Connection* longest = nullptr;
  for (auto* connection : connections_) {
    if (connection->busy) continue;
    if (!longest || connection->idle_since < longest->idle_since) longest = connection;
  }
  if (!longest) return false;
  longest->stream.close();  // its coroutine ends with an error of the read
  return true;
}

Awaitable<void> HttpServer::Serve(http::TcpSocket socket) {
  error_code ec;
  const auto peer = socket.remote_endpoint(ec);
  if (ec) co_return;
  Connection connection{Stream(std::move(socket)), peer.address().to_string()};
  connections_.insert(&connection);
  do {
    connection.busy = false;
    connection.idle_since = ++idle_count_;
  } while (!stopping_ && co_await ServeOne(connection));
  connections_.erase(&connection);
}

Awaitable<bool> HttpServer::ServeOne(Connection& connection) {
  auto& [stream, client, buffer, busy, idle_since] = connection;
  wire::request_parser<wire::string_body> parser;
  parser.header_limit(kMaxHead);
  parser.body_limit(kMaxBody);

  stream.expires_after(options_.timeout);
  auto [ec, bytes] = co_await wire::async_read_header(stream, buffer, parser, kTuple);
  if (!ec && !parser.is_done()) {
    stream.expires_after(options_.timeout);
    if (beast::iequals(parser.get()[wire::field::expect], "100-continue")) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await asio::async_write(stream, asio::buffer(kContinue), kTuple);
    }
    std::tie(ec, bytes) = co_await wire::async_read(stream, buffer, parser, kTuple);
  }
  if (ec) {
    co_await Refuse(connection, ec);
    co_return false;
  }

  busy = true;
  auto message = parser.release();
  const bool keep_alive = message.keep_alive();
  auto request = ToRequest(std::move(message), client);
  const bool head_only = request.method == "HEAD";
  auto plan = api_.Prepare(std::move(request));
  auto response = plan.blocks ? co_await RunBlocking(std::move(plan.run)) : plan.run();
  const bool keep = keep_alive && !stopping_;
  stream.expires_after(options_.timeout);
  const bool sent = co_await Send(stream, std::move(response), keep, head_only);
  co_return sent&& keep;
}

Awaitable<void> HttpServer::Refuse(Connection& connection, error_code why) {
  auto response = ResponseTo(why);
  if (!response) co_return;
  connection.stream.expires_after(options_.timeout);
  if (!co_await Send(connection.stream, *std::move(response), false, false)) co_return;
  co_await Linger(connection.stream, connection.buffer);
}

Awaitable<Response> HttpServer::RunBlocking(std::function<Response()> run) {
  auto initiate = [this](auto handler, std::function<Response()> taken) {
    // Shared, so that it is still here when the pool does not take the work.
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    const bool posted = pool_.Post(
        [this, shared, taken = std::move(taken), work = asio::make_work_guard(io_)]() mutable {
          auto answer = [shared, response = taken()]() mutable {
            std::move (*shared)(std::move(response));
          };
          asio::post(io_, std::move(answer));
        });
    if (posted) return;
    asio::post(io_, [shared] {
      std::move (*shared)(RestError(503, "unavailable", "too many requests wait: try again"));
    });
  };
  constexpr asio::use_awaitable_t<http::Executor> kAwait;
  co_return co_await asio::async_initiate<decltype(kAwait), void(Response)>(std::move(initiate),
                                                                            kAwait, std::move(run));
}

}  // namespace gateway::rpc
