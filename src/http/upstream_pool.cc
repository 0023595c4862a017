#include "http/upstream_pool.h"

#include <algorithm>
#include <memory>

#include <boost/asio/ip/address.hpp>
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

UpstreamPool::UpstreamPool(asio::io_context& io,
                           Deadlines& deadlines,
                           UpstreamOptions options,
                           UpstreamEvents events)
    : io_(io), deadlines_(deadlines), options_(options), events_(std::move(events)) {}

UpstreamPool::~UpstreamPool() { Clear(); }

Awaitable<Expected<UpstreamPool::Lease>> UpstreamPool::Acquire(const Url& url, bool fresh) {
  auto authority = url.ToString();
  if (const auto found = idle_.find(authority); !fresh && found != idle_.end()) {
    auto& idle = found->second;
    while (!idle.empty()) {
      // The one used last: it is the least likely to be closed, and the others may time out.
      auto connection = std::move(idle.back());
      idle.pop_back();
      connection->OnActivity(nullptr);
      connection->ClearDeadline();
      if (connection->open() && !connection->ended()) co_return Lease{std::move(connection), true};
    }
  }
  auto connected = co_await Connect(url, std::move(authority));
  if (!connected) co_return std::unexpected(std::move(connected).error());
  co_return Lease{std::move(*connected), false};
}

void UpstreamPool::Release(const Url& url, ConnectionPtr connection) {
  if (!connection->open() || connection->ended() || !connection->unread().empty()) {
    connection->Close();
    return;
  }
  auto authority = url.ToString();
  auto& idle = idle_[authority];
  if (idle.size() >= options_.idle_per_backend) {
    connection->Close();
    return;
  }
  connection->Shrink();
  connection->SetDeadline(deadlines_.Now() + options_.idle_timeout);
  connection->OnActivity([this, authority = std::move(authority), raw = connection.get()] {
    Drop(authority, raw);
  });
  connection->Watch();
  idle.push_back(std::move(connection));
}

void UpstreamPool::Drop(const std::string& authority, const Connection* connection) {
  const auto found = idle_.find(authority);
  if (found == idle_.end()) return;
  const auto position = std::ranges::find(found->second, connection, &ConnectionPtr::get);
  if (position == found->second.end()) return;
  const auto kept = *position;
  found->second.erase(position);
  kept->OnActivity(nullptr);
  kept->Close();
}

void UpstreamPool::Clear() {
  for (auto& [authority, idle] : idle_) {
    for (auto& connection : idle) {
      connection->OnActivity(nullptr);
      connection->Close();
    }
  }
  idle_.clear();
}

Awaitable<Expected<std::vector<tcp::endpoint>>> UpstreamPool::Resolve(const Url& url) {
  error_code ec;
  if (const auto address = asio::ip::make_address(url.host, ec); !ec) {
    co_return std::vector{tcp::endpoint(address, url.port)};
  }
  const auto authority = url.ToString();
  if (const auto known = resolved_.find(authority);
      known != resolved_.end() && known->second.until > deadlines_.Now()) {
    co_return known->second.endpoints;
  }
  asio::ip::basic_resolver<tcp, Executor> resolver(io_.get_executor());
  const auto [failure, results] =
      co_await resolver.async_resolve(url.host, std::to_string(url.port), kTuple);
  if (failure) {
    co_return Fail(ErrorCode::kRefused,
                   fmt::format("resolve '{}': {}", url.host, failure.message()), Origin::kBackend);
  }
  Resolved answer;
  for (const auto& result : results) answer.endpoints.push_back(result.endpoint());
  answer.until = deadlines_.Now() + options_.resolve_ttl;
  resolved_[authority] = answer;
  co_return answer.endpoints;
}

Awaitable<Expected<ConnectionPtr>> UpstreamPool::Connect(const Url& url, std::string authority) {
  const auto deadline = deadlines_.Now() + options_.connect_timeout;
  const auto endpoints = co_await Resolve(url);
  if (!endpoints) co_return std::unexpected(endpoints.error());

  std::string reason = "no address";
  for (const auto& endpoint : *endpoints) {
    TcpSocket socket(io_.get_executor());
    const ConnectDeadline watch(deadlines_, socket, deadline);
    const auto [ec] = co_await socket.async_connect(endpoint, kTuple);
    if (watch.expired()) {
      co_return Fail(ErrorCode::kTimeout, fmt::format("connect {}: timed out", authority),
                     Origin::kBackend);
    }
    if (ec) {
      reason = ec.message();
      continue;
    }
    if (events_.connected) events_.connected(authority);
    // The deleter counts the end, wherever it happens.
    ConnectionPtr connection(new Connection(std::move(socket), Origin::kBackend, deadlines_),
                             [gone = events_.disconnected, authority](Connection* ended) {
                               delete ended;
                               if (gone) gone(authority);
                             });
    co_return connection;
  }
  co_return Fail(ErrorCode::kRefused, fmt::format("connect {}: {}", authority, reason),
                 Origin::kBackend);
}

}  // namespace gateway::http
