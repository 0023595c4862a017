#include "proxy/server.h"

#include <algorithm>

#include <fmt/format.h>
#include <sched.h>

namespace gateway::proxy {
namespace {

// CPUs that this process may run on: fewer than the machine has under taskset or a container.
unsigned UsableCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
}

// SO_REUSEPORT would share the port with another process that set it, too, and half of the clients
// would land there. A socket without it tells.
Expected<void> CheckFree(const ListenerOptions& listener) {
  http::error_code ec;
  const auto address = http::asio::ip::make_address(listener.host, ec);
  if (ec || listener.port == 0) return {};  // Listen() reports it
  http::asio::io_context io;
  http::TcpAcceptor probe(io.get_executor());
  const http::tcp::endpoint endpoint(address, listener.port);
  probe.open(endpoint.protocol(), ec);
  if (!ec) probe.set_option(http::asio::socket_base::reuse_address(true), ec);
  if (!ec) probe.bind(endpoint, ec);
  if (!ec) return {};
  return Fail(ErrorCode::kConflict, fmt::format("cannot listen on {}:{}: {}", listener.host,
                                                listener.port, ec.message()));
}

}  // namespace

Server::Server(const ProxyOptions& options,
               const Clock& clock,
               telemetry::Logger& logger,
               telemetry::Metrics& metrics,
               telemetry::AccessLog& access_log,
               Stickiness& stickiness,
               const rules::RuleBook& rule_book,
               ProxySignals signals,
               model::SnapshotPtr snapshot)
    : options_(options),
      signals_(std::move(signals)),
      shared_{options, clock, logger, metrics, access_log, stickiness, rule_book, signals_} {
  const auto count = options.workers > 0 ? options.workers : UsableCpus();
  const auto sessions = std::max<std::size_t>(1, options.limits.client_connections / count);
  for (unsigned i = 0; i < count; ++i) {
    workers_.push_back(std::make_unique<Worker>(shared_, snapshot, sessions));
  }
}

Server::~Server() { Finish(); }

Expected<std::vector<std::uint16_t>> Server::Start() {
  std::vector<std::uint16_t> ports;
  for (const auto& listener : options_.listeners) {
    if (auto free = CheckFree(listener); !free) return std::unexpected(std::move(free).error());
    auto port = listener.port;  // the first worker settles port 0 for the others
    for (const auto& worker : workers_) {
      const auto bound = worker->Listen(listener, port);
      if (!bound) return std::unexpected(bound.error());
      port = *bound;
    }
    ports.push_back(port);
  }
  for (const auto& worker : workers_) {
    ++running_;
    threads_.emplace_back([this, raw = worker.get()] {
      raw->Run();
      --running_;
    });
  }
  return ports;
}

void Server::Publish(const model::SnapshotPtr& snapshot) {
  for (const auto& worker : workers_) worker->Publish(snapshot);
}

void Server::BeginStop() {
  for (const auto& worker : workers_) worker->Stop();
}

void Server::Finish() {
  BeginStop();
  for (const auto& worker : workers_) worker->Abort();
  threads_.clear();
}

}  // namespace gateway::proxy
