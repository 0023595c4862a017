// The admin API over HTTP/1.1, on the control thread's event loop.
//
// Boost.Beast serves here because nothing of it is on the data path. Requests that may wait go to
// the pool's threads and come back to the loop. Each connection is a coroutine that the server
// counts: Stop() ends them, Stopped() tells when the last one has. Bounds: 16 KiB of head, 1 MiB of
// body, 256 connections, `timeout` for each phase of an exchange. When all connections are in use,
// the one that has been idle for longest makes room for a newcomer, so that nobody keeps an
// orchestrator from /livez by holding connections open. Threads: all calls on the loop's thread, or
// before it runs. Lifetime: after Stop(), either the loop runs until Stopped(), or it never runs
// again.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_set>

#include "base/error.h"
#include "http/asio.h"
#include "rpc/http_api.h"
#include "rpc/work_pool.h"
#include "telemetry/logger.h"

namespace gateway::rpc {

struct HttpServerOptions {
  std::string host = "127.0.0.1";  // an IP address
  std::uint16_t port = 0;          // 0: a free one
  // For reading a request, sending an answer, and being idle.
  std::chrono::milliseconds timeout = std::chrono::seconds(30);
};

class HttpServer {
 public:
  // The references must outlive the server.
  HttpServer(HttpServerOptions options,
             http::asio::io_context& io,
             const HttpApi& api,
             WorkPool& pool,
             telemetry::Logger& logger);

  // Listens and begins to serve; returns the port. kInvalidArgument: the host is not an address.
  // kConflict: the address cannot be used.
  Expected<std::uint16_t> Start();

  // No new connections or requests; those being answered get their answer.
  void Stop();
  // Have all connections ended?
  bool Stopped() const { return tasks_ == 0; }

 private:
  struct Connection;

  http::Awaitable<void> Accept();
  http::Awaitable<void> Serve(http::TcpSocket socket);
  // Is the connection good for another request?
  http::Awaitable<bool> ServeOne(Connection& connection);
  http::Awaitable<void> Refuse(Connection& connection, http::error_code why);
  // Runs it on a thread of the pool.
  http::Awaitable<Response> RunBlocking(std::function<Response()> run);
  // Ends the connection that has waited for longest for a request; false: none does.
  bool EvictIdle();
  // Until a connection ended or a moment passed.
  http::Awaitable<void> WaitForChange();
  void Spawn(http::Awaitable<void> task);
  void TaskEnded();

  const HttpServerOptions options_;
  http::asio::io_context& io_;
  telemetry::Logger& logger_;
  const HttpApi& api_;
  WorkPool& pool_;
  http::TcpAcceptor acceptor_;
  http::Timer change_;
  std::unordered_set<Connection*> connections_;
  std::uint64_t idle_count_ = 0;  // orders connections by the beginning of their idleness
  std::size_t tasks_ = 0;
  bool stopping_ = false;
};

}  // namespace gateway::rpc
