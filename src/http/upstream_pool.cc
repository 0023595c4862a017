#include "http/upstream_pool.h"

#include <utility>

namespace gateway::http {
UpstreamPool::UpstreamPool(asio::io_context& io,
                           Deadlines& deadlines,
                           UpstreamOptions options,
                           UpstreamEvents events)
    : deadlines_(deadlines),
      connector_(io, deadlines),
      options_(options),
      events_(std::move(events)),
      idle_(deadlines, {options.idle_per_backend, options.idle_timeout}) {}

Awaitable<Expected<UpstreamPool::Lease>> UpstreamPool::Acquire(const Url& url, bool fresh) {
  auto authority = url.ToString();
  if (!fresh) {
    if (auto kept = idle_.Take(authority)) co_return Lease{std::move(kept), true};
  }
  auto connected = co_await Connect(url, std::move(authority));
  if (!connected) co_return std::unexpected(std::move(connected).error());
  co_return Lease{std::move(*connected), false};
}

void UpstreamPool::Release(const Url& url, ConnectionPtr connection) {
  idle_.Keep(url.ToString(), std::move(connection));
}

void UpstreamPool::Clear() {
  idle_.Clear();
  connector_.GiveUpLookups();
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
