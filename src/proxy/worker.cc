#include "proxy/worker.h"

#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

namespace gateway::proxy {
namespace {

using http::error_code;
using http::tcp;
using ReusePort = http::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr std::chrono::milliseconds kAcceptPause{50};

std::string AddressText(const tcp::endpoint& endpoint) {
  const auto host = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", host, endpoint.port())
                                    : fmt::format("{}:{}", host, endpoint.port());
}

http::UpstreamEvents CountConnections(telemetry::Metrics& metrics) {
  return {[&metrics](std::string_view backend) { metrics.UpstreamConnected(backend); },
          [&metrics](std::string_view backend) { metrics.UpstreamDisconnected(backend); }};
}

}  // namespace

Worker::Worker(const SharedParts& shared, model::SnapshotPtr snapshot, std::size_t max_sessions)
    : shared_(shared),
      max_sessions_(max_sessions),
      deadlines_(io_, shared.clock),
      upstreams_(io_,
                 deadlines_,
                 {shared.options.timeouts.connect, shared.options.timeouts.upstream_idle,
                  shared.options.limits.upstream_idle_per_backend},
                 CountConnections(shared.metrics)),
      rules_(shared.rule_book,
             shared.options.external_router,
             io_,
             deadlines_,
             shared.clock,
             shared.logger,
             shared.metrics),
      context_{shared.options,
               shared.clock,
               shared.logger,
               shared.metrics,
               shared.access_log,
               shared.signals,
               deadlines_,
               upstreams_,
               StickyView(shared.stickiness),
               {},
               RetryBudget(shared.options.retries, shared.clock),
               {},
               std::move(snapshot)} {
  context_.rules = &rules_;
  if (!shared.options.delegated_auth) return;
  authenticator_.emplace(*shared.options.delegated_auth, io_, deadlines_, shared.logger,
                         shared.metrics);
  context_.authenticator = &*authenticator_;
}

Worker::~Worker() = default;

Expected<std::uint16_t> Worker::Listen(const ListenerOptions& options, std::uint16_t port) {
  error_code ec;
  const auto address = http::asio::ip::make_address(options.host, ec);
  if (ec) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("listener address '{}' is not an IP address", options.host));
  }
  const tcp::endpoint endpoint(address, port);
  http::TcpAcceptor acceptor(io_.get_executor());
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(http::asio::socket_base::reuse_address(true), ec);
  if (!ec) acceptor.set_option(ReusePort(true), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(http::asio::socket_base::max_listen_connections, ec);
  if (ec) {
    return Fail(ErrorCode::kConflict,
                fmt::format("cannot listen on {}: {}", AddressText(endpoint), ec.message()));
  }
  const auto bound = acceptor.local_endpoint().port();
  listeners_.push_back(std::make_unique<Listener>(std::move(acceptor), &options, bound));
  return bound;
}

void Worker::Run() {
  for (const auto& listener : listeners_) Spawn(Accept(*listener));
  http::asio::co_spawn(io_, deadlines_.Run(), [](std::exception_ptr) {});
  io_.run();
}

void Worker::Spawn(Awaitable<void> task) {
  ++tasks_;
  http::asio::co_spawn(io_, std::move(task), [this](std::exception_ptr failure) {
    if (failure) {
      shared_.logger.Event(telemetry::Level::kError, "worker.task_failed",
                           {{"reason", "an exception left a session; please report this"}});
    }
    TaskEnded();
  });
}

// The loop ends by itself when nothing is left to do: the sweep is the last one.
void Worker::TaskEnded() {
  --tasks_;
  if (tasks_ == 0 && context_.stopping) {
    upstreams_.Clear();
    rules_.GiveUpLookups();
    if (authenticator_) authenticator_->GiveUpLookups();
    deadlines_.Stop();
  }
}

Awaitable<void> Worker::Accept(Listener& listener) {
  while (!context_.stopping) {
    // A full house: the kernel's queue holds newcomers until somebody leaves.
    if (sessions_.size() >= max_sessions_) {
      co_await Pause();
      continue;
    }
    http::TcpSocket socket(io_.get_executor());
    const auto [ec] = co_await listener.acceptor.async_accept(socket, http::kTuple);
    if (context_.stopping || ec == http::asio::error::operation_aborted) co_return;
    if (!ec) {
      Spawn(Serve(std::move(socket), listener));
      continue;
    }
    shared_.logger.Event(telemetry::Level::kError, "listener.accept_failed",
                         {{"reason", ec.message()}, {"port", listener.port}});
    co_await Pause();  // out of descriptors: let some go
  }
}

Awaitable<void> Worker::Pause() {
  http::Timer timer(io_.get_executor(), kAcceptPause);
  co_await timer.async_wait(http::kTuple);
}

Awaitable<void> Worker::Serve(http::TcpSocket socket, const Listener& listener) {
  error_code ec;
  const auto peer = socket.remote_endpoint(ec);
  if (ec) co_return;
  SessionFacts facts{listener.port, listener.options, peer.address().to_string(),
                     AddressText(peer)};
  Session session(
      context_, std::move(facts),
      std::make_shared<http::Connection>(std::move(socket), Origin::kClient, deadlines_));
  sessions_.insert(&session);
  shared_.metrics.ClientConnected();
  std::exception_ptr failure;
  try {
    co_await session.Run();
  } catch (...) {
    failure = std::current_exception();
  }
  sessions_.erase(&session);
  shared_.metrics.ClientDisconnected();
  if (failure) std::rethrow_exception(failure);
}

void Worker::Publish(model::SnapshotPtr snapshot) {
  http::asio::post(io_, [this, snapshot = std::move(snapshot)]() mutable {
    context_.snapshot = std::move(snapshot);
  });
}

void Worker::Stop() {
  http::asio::post(io_, [this] {
    context_.stopping = true;
    for (const auto& listener : listeners_) {
      error_code ignored;
      listener->acceptor.close(ignored);
    }
    const auto sessions = sessions_;  // ending one changes the set
    for (auto* session : sessions) session->EndWhenIdle();
    if (tasks_ == 0) deadlines_.Stop();
  });
}

void Worker::Abort() {
  http::asio::post(io_, [this] {
    const auto sessions = sessions_;
    for (auto* session : sessions) session->Abort();
    // Calls of services, which know of no session, and all that is begun after this.
    deadlines_.ExpireAll();
  });
}

}  // namespace gateway::proxy
