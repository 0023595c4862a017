#include "http/upstream_pool.h"

#include <algorithm>
#include <utility>

namespace gateway::http {
UpstreamPool::UpstreamPool(asio::io_context& io,
                           Deadlines& deadlines,
                           UpstreamOptions options,
                           UpstreamEvents events)
    : deadlines_(deadlines),
      connector_(io, deadlines),
      options_(options),
      events_(std::move(events)) {}

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
  connection->OnActivity(
      [this, authority = std::move(authority), raw = connection.get()] { Drop(authority, raw); });
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

Awaitable<Expected<ConnectionPtr>> UpstreamPool::Connect(const Url& url, std::string authority) {
  auto made = co_await connector_.Connect(url, deadlines_.Now() + options_.connect_timeout);
  if (!made) {
    // Whatever kept a connection from being made, nothing was sent on it.
    auto& code = made.error().code;
    if (code != ErrorCode::kTimeout && code != ErrorCode::kCancelled) code = ErrorCode::kRefused;
    co_return made;
  }
  if (events_.connected) events_.connected(authority);
  if (events_.disconnected) {
    (*made)->OnEnd([ended = events_.disconnected, authority] { ended(authority); });
  }
  co_return made;
}

}  // namespace gateway::http
