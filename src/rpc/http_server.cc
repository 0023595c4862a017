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

#include "rpc/guarded.h"
#include "rpc/http_message.h"
#include "rpc/origin_form.h"

namespace gateway::rpc {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using http::Awaitable;
using http::error_code;
using http::kTuple;
using Stream = beast::basic_stream<http::tcp, http::Executor>;

constexpr std::size_t kMaxConnections = 256;
// The rest of the connections stays free for what is answered at once, whatever hangs. Lists have a
// share of their own, as nothing that they do can hang.
constexpr std::size_t kMaxAtPools = 192;
constexpr std::size_t kMaxLists = 32;
// How long and how much we listen to a client after refusing its request: closing at once would
// reset the connection and could take the answer with it.
constexpr std::chrono::seconds kLinger{1};
constexpr std::size_t kMaxLinger = 4 * kMaxBody;
constexpr std::chrono::milliseconds kAcceptPause{50};

// The caller has set the stream's deadline.
Awaitable<bool> Send(Stream& stream, Response response, bool keep_alive, bool head_only) {
  if (head_only || !HasBody(response)) {
    auto message = HeadOf<wire::empty_body>(response, keep_alive);
    const auto [ec, bytes] = co_await wire::async_write(stream, message, kTuple);
    co_return !ec;
  }
  auto message = HeadOf<wire::span_body<const char>>(response, keep_alive);
  const auto text = response.text();
  message.body() = beast::span<const char>(text.data(), text.size());
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

}  // namespace

struct HttpServer::Connection {
  Stream stream;
  std::string peer;  // its address
  // What we wait for.
  enum class Phase : std::uint8_t {
    kRequest,  // the client, that it sends one
    kAnswer,   // a thread of a pool
    kReader,   // the client, that it takes the answer
  } phase = Phase::kRequest;
  std::uint64_t since = 0;  // when that began: see HttpServer::phases_
  beast::flat_buffer buffer{kMaxHead + kMaxBody};
};

HttpServer::HttpServer(HttpServerOptions options,
                       asio::io_context& io,
                       const HttpApi& api,
                       Pools pools,
                       telemetry::Logger& logger)
    : options_(std::move(options)),
      io_(io),
      logger_(logger),
      api_(api),
      pools_(pools),
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
    if (connection->phase == Connection::Phase::kRequest) connection->stream.close();
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
      while (!stopping_ && connections_.size() >= kMaxConnections) {
        MakeRoom();
        co_await WaitForChange();
      }
      Spawn(Serve(std::move(socket)));
      continue;
    }
    logger_.Event(telemetry::Level::kError, "admin.accept_failed", {{"reason", ec.message()}});
    co_await WaitForChange();  // out of descriptors: let some go
  }
}

// Fewer than all are at the pools, so there is one. By age alone: who has just come has not had the
// time to send his request, and one who sends it byte by byte gets no more time for that.
void HttpServer::MakeRoom() {
  Connection* oldest = nullptr;
  for (auto* connection : connections_) {
    if (connection->phase == Connection::Phase::kAnswer) continue;
    if (!oldest || connection->since < oldest->since) oldest = connection;
  }
  if (oldest) oldest->stream.close();  // its coroutine ends with an error of what it waits for
}

Awaitable<void> HttpServer::Serve(http::TcpSocket socket) {
  error_code ec;
  const auto peer = socket.remote_endpoint(ec);
  if (ec) co_return;
  Connection connection{Stream(std::move(socket)), peer.address().to_string()};
  connections_.insert(&connection);
  // No guard, as that would run when the loop ends, too, and then the server may be gone.
  std::exception_ptr failure;
  try {
    do {
      connection.phase = Connection::Phase::kRequest;
      connection.since = ++phases_;
    } while (!stopping_ && co_await ServeOne(connection));
  } catch (...) {
    failure = std::current_exception();
  }
  connections_.erase(&connection);
  if (failure) std::rethrow_exception(failure);
}

Awaitable<bool> HttpServer::ServeOne(Connection& connection) {
  auto& stream = connection.stream;
  auto& buffer = connection.buffer;
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
    const auto target = parser.get().target();
    auto response = ResponseTo(ec, {target.data(), target.size()});
    if (response) co_await Refuse(connection, *std::move(response));
    co_return false;
  }

  auto message = parser.release();
  const bool http11 = message.version() >= 11;
  const auto host_lines = message.count(wire::field::host);
  const bool keep_alive = message.keep_alive();
  auto request = ToRequest(std::move(message), connection.peer, options_.trusted_proxies);
  if (auto taken = TakeOriginForm(request, host_lines, http11); !taken) {
    co_await Refuse(connection,
                    ErrorFor(request.target, 400, "protocol", "malformed", taken.error().message));
    co_return false;
  }
  const bool head_only = request.method == "HEAD";
  connection.phase = Connection::Phase::kAnswer;
  auto response = co_await Answer(std::move(request));
  const bool keep = keep_alive && !stopping_;
  connection.phase = Connection::Phase::kReader;
  connection.since = ++phases_;
  stream.expires_after(options_.timeout);
  const bool sent = co_await Send(stream, std::move(response), keep, head_only);
  co_return sent&& keep;
}

Awaitable<void> HttpServer::Refuse(Connection& connection, Response response) {
  connection.stream.expires_after(options_.timeout);
  if (!co_await Send(connection.stream, std::move(response), false, false)) co_return;
  co_await Linger(connection.stream, connection.buffer);
}

Awaitable<Response> HttpServer::Answer(Request request) {
  const auto called = fmt::format("{} {}", request.method, request.path());
  HttpApi::Plan plan;
  Expected<Response> response;
  if (auto made = Guarded([&] { plan = api_.Prepare(std::move(request)); }); made) {
    response = co_await Run(plan);
  } else {
    response = std::unexpected(std::move(made).error());
  }
  if (response) co_return *std::move(response);
  LogFault(logger_, called, response.error());
  co_return plan.refuse(response.error());
}

Awaitable<Expected<Response>> HttpServer::Run(HttpApi::Plan& plan) {
  if (plan.identify) {
    auto ran = co_await RunOn(PoolFor(plan.identify_on), std::move(plan.identify));
    if (!ran) co_return std::unexpected(std::move(ran).error());
  }
  // Shared: the thread may still be at it when this coroutine is destroyed with its loop.
  const auto response = std::make_shared<Response>();
  auto run = [response, run = std::move(plan.run)] { *response = run(); };
  Expected<void> ran;
  if (plan.thread == HttpApi::Thread::kLoop) {
    ran = Guarded(run);
  } else {
    ran = co_await RunOn(PoolFor(plan.thread), std::move(run));
  }
  if (!ran) co_return std::unexpected(std::move(ran).error());
  co_return std::move(*response);
}

WorkPool& HttpServer::PoolFor(HttpApi::Thread thread) const {
  switch (thread) {
    case HttpApi::Thread::kLogins:
      return pools_.logins;
    case HttpApi::Thread::kOthers:
      return pools_.directory;
    case HttpApi::Thread::kLists:
      return pools_.lists;
    case HttpApi::Thread::kLoop:
    case HttpApi::Thread::kWaiting:
      return pools_.waiting;
  }
  return pools_.waiting;
}

Awaitable<Expected<void>> HttpServer::RunOn(WorkPool& pool, std::function<void()> run) {
  const Error full{ErrorCode::kUnavailable, Origin::kGateway, "too many requests wait: try again"};
  const bool lists = &pool == &pools_.lists;
  auto& taken_places = lists ? at_lists_ : at_pools_;
  if (taken_places >= (lists ? kMaxLists : kMaxAtPools)) co_return std::unexpected(full);
  auto initiate = [this, &pool, &full](auto handler, std::function<void()> taken) {
    // Shared, so that it is still here when the pool does not take the work.
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    const bool posted = pool.Post([this, shared, taken = std::move(taken),
                                   work = asio::make_work_guard(io_)]() mutable {
      auto ran = Guarded(taken);
      taken = nullptr;
      asio::post(io_,
                 [shared, ran = std::move(ran)]() mutable { std::move (*shared)(std::move(ran)); });
    });
    if (!posted) {
      asio::post(io_,
                 [shared, full] { std::move (*shared)(Expected<void>(std::unexpected(full))); });
    }
  };
  constexpr asio::use_awaitable_t<http::Executor> kAwait;
  ++taken_places;
  auto ran = co_await asio::async_initiate<decltype(kAwait), void(Expected<void>)>(
      std::move(initiate), kAwait, std::move(run));
  --taken_places;
  co_return ran;
}

}  // namespace gateway::rpc
