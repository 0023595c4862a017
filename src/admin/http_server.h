// The admin API over HTTP/1.1, on the control thread's event loop.
//
// Boost.Beast serves here because nothing of it is on the data path. Requests that write go to two
// database threads and come back to the loop. Each connection is a coroutine that the server
// counts: Stop() ends them, Stopped() tells when the last one has.
// Bounds: 16 KiB of head, 1 MiB of body, 256 connections, `timeout` for each phase of an exchange.
// Threads: all calls on the loop's thread, or before it runs.
// Lifetime: after Stop(), either the loop runs until Stopped(), or it never runs again.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_set>

#include <boost/asio/thread_pool.hpp>

#include "admin/api.h"
#include "admin/service.h"
#include "base/error.h"
#include "http/asio.h"
#include "telemetry/logger.h"

namespace gateway::admin {

struct ServerOptions {
  std::string host = "127.0.0.1";  // an IP address
  std::uint16_t port = 0;          // 0: a free one
  std::string token;               // empty: none, see Access
  // For reading a request, sending an answer, and being idle.
  std::chrono::milliseconds timeout = std::chrono::seconds(30);
};

class AdminServer {
 public:
  // The references must outlive the server; the callbacks run on the loop.
  AdminServer(ServerOptions options,
              http::asio::io_context& io,
              AdminService& service,
              ServerCallbacks callbacks,
              telemetry::Logger& logger);
  // Waits for writes that the database is at.
  ~AdminServer();

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
  // Handles the request on a database thread.
  http::Awaitable<Response> HandleBlocking(Request request);
  // Until a connection ended or a moment passed.
  http::Awaitable<void> WaitForChange();
  void Spawn(http::Awaitable<void> task);
  void TaskEnded();

  const ServerOptions options_;
  http::asio::io_context& io_;
  telemetry::Logger& logger_;
  const Api api_;
  http::TcpAcceptor acceptor_;
  http::Timer change_;
  std::unordered_set<Connection*> connections_;
  std::size_t tasks_ = 0;
  bool stopping_ = false;
  http::asio::thread_pool pool_{2};
};

}  // namespace gateway::admin
