// The admin API over HTTP/1.1, on the control thread's event loop.
//
// Boost.Beast serves here because nothing of it is on the data path. Requests that may take long go
// to threads of a pool and come back to the loop. Each connection is a coroutine that the server
// counts: Stop() ends them, Stopped() tells when the last one has. Bounds: 16 KiB of head, 1 MiB of
// body, 256 connections, 192 requests at the pools and 32 at that of lists, `timeout` for each
// phase of an exchange. When all connections are in use, the one that its client keeps us waiting
// on for longest, for a request or until it has read an answer, makes room for a newcomer: nobody
// keeps an orchestrator from /livez by holding connections open. Threads: all calls on the loop's
// thread, or before it runs. Lifetime: after Stop(), either the loop runs until Stopped(), or it
// never runs again.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/error.h"
#include "base/ip_address.h"
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
  // Balancers whose X-Forwarded-For is believed. Empty: the client is who made the connection.
  std::vector<AddressBlock> trusted_proxies = {};
};

class HttpServer {
 public:
  // The references must outlive the server.
  HttpServer(HttpServerOptions options,
             http::asio::io_context& io,
             const HttpApi& api,
             Pools pools,
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
  http::Awaitable<void> Refuse(Connection& connection, Response response);
  // Whatever happens: what goes wrong is an answer as well, and logged when it is our fault.
  http::Awaitable<Response> Answer(Request request);
  // All steps of the plan, each on its thread. kUnavailable: no thread is free. kInternal: a step
  // threw.
  http::Awaitable<Expected<Response>> Run(HttpApi::Plan& plan);
  WorkPool& PoolFor(HttpApi::Thread thread) const;
  // Runs it on a thread of the pool. Errors as those of Run().
  http::Awaitable<Expected<void>> RunOn(WorkPool& pool, std::function<void()> run);
  // Ends the connection that has waited for its client for longest.
  void MakeRoom();
  // Until a connection ended or a moment passed.
  http::Awaitable<void> WaitForChange();
  void Spawn(http::Awaitable<void> task);
  void TaskEnded();

  const HttpServerOptions options_;
  http::asio::io_context& io_;
  telemetry::Logger& logger_;
  const HttpApi& api_;
  const Pools pools_;
  http::TcpAcceptor acceptor_;
  http::Timer change_;
  std::unordered_set<Connection*> connections_;
  std::uint64_t phases_ = 0;  // begun so far: orders connections by the age of theirs
  std::size_t at_pools_ = 0;  // requests that wait for a thread, or run there
  std::size_t at_lists_ = 0;  // the same at `pools_.lists`, which are not in it
  std::size_t tasks_ = 0;
  bool stopping_ = false;
};

}  // namespace gateway::rpc
