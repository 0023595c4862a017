// One event loop with everything that its connections need: share-nothing.
//
// Threads: Run() is the worker's thread. Listen() before Run(). Publish(), Stop() and Abort() from
// any thread; they are carried over to the loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "http/asio.h"
#include "http/deadlines.h"
#include "http/upstream_pool.h"
#include "proxy/options.h"
#include "proxy/session.h"
#include "proxy/stickiness.h"
#include "proxy/worker_context.h"

namespace gateway::proxy {

// What all workers of a server share; everything must outlive them.
struct SharedParts {
  const ProxyOptions& options;
  const Clock& clock;
  telemetry::Logger& logger;
  telemetry::Metrics& metrics;
  telemetry::AccessLog& access_log;
  Stickiness& stickiness;
  const rules::RuleBook& rule_book;
  const ProxySignals& signals;
};

class Worker {
 public:
  Worker(const SharedParts& shared, model::SnapshotPtr snapshot, std::size_t max_sessions);
  ~Worker();

  // Opens a listening socket that shares its port with those of the other workers. Port 0 takes a
  // free one. Returns the port. kConflict: in use or not allowed; the message says so.
  Expected<std::uint16_t> Listen(const ListenerOptions& listener, std::uint16_t port);

  // Serves until Stop() and the end of the last session.
  void Run();

  // New exchanges see `snapshot`.
  void Publish(model::SnapshotPtr snapshot);
  // No new connections or requests; exchanges in progress go on.
  void Stop();
  // Ends what is still going on.
  void Abort();

 private:
  struct Listener {
    http::TcpAcceptor acceptor;
    const ListenerOptions* options;
    std::uint16_t port;
  };

  Awaitable<void> Accept(Listener& listener);
  Awaitable<void> Pause();
  Awaitable<void> Serve(http::TcpSocket socket, const Listener& listener);
  void Spawn(Awaitable<void> task);
  void TaskEnded();

  const SharedParts shared_;
  const std::size_t max_sessions_;
  http::asio::io_context io_{1};
  http::Deadlines deadlines_;
  http::UpstreamPool upstreams_;
  rules::Engine rules_;
  std::optional<delegated_auth::Authenticator> authenticator_;
  WorkerContext context_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_set<Session*> sessions_;
  std::size_t tasks_ = 0;  // coroutines that this worker owns, but for the sweep
};

}  // namespace gateway::proxy
