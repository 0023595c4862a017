#include "app/config.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace gateway::app {
namespace {

// Structured bindings, so that a field that is added there does not compile before it is here.
auto Tie(const proxy::ListenerOptions& listener) {
  const auto& [host, port, external_url, delegated_auth, trusted_proxies] = listener;
  return std::tie(host, port, external_url, delegated_auth, trusted_proxies);
}

auto Tie(const proxy::ProxyTimeouts& timeouts) {
  const auto& [request_head, client_idle, request_body, connect, submit_head, response_head,
               response_body, half_closed, upstream_idle, shutdown_grace] = timeouts;
  return std::tie(request_head, client_idle, request_body, connect, submit_head, response_head,
                  response_body, half_closed, upstream_idle, shutdown_grace);
}

auto Tie(const proxy::ProxyLimits& limits) {
  const auto& [head_bytes, header_count, replay_bytes, client_connections, upstream_idle] = limits;
  return std::tie(head_bytes, header_count, replay_bytes, client_connections, upstream_idle);
}

auto Tie(const LogConfig& log) {
  const auto& [mode, sample_every] = log.access;
  return std::tie(log.level, mode, sample_every);
}

bool SameListeners(const std::vector<proxy::ListenerOptions>& a,
                   const std::vector<proxy::ListenerOptions>& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) { return Tie(x) == Tie(y); });
}

}  // namespace

std::string Address::ToString() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  return ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::vector<std::string> ImmutableChanges(const AppConfig& old, const AppConfig& next) {
  std::vector<std::string> changed;
  const auto note = [&changed](bool same, const char* name) {
    if (!same) changed.emplace_back(name);
  };
  note(SameListeners(old.proxy.listeners, next.proxy.listeners), "listeners");
  note(old.admin == next.admin, "admin");
  note(old.store == next.store, "store");
  note(old.history == next.history, "history");
  note(old.audit_retention_days == next.audit_retention_days, "audit");
  note(old.proxy.backend_header == next.proxy.backend_header, "routing.backend_header");
  note(old.proxy.refuse_transactions == next.proxy.refuse_transactions, "routing.transactions");
  note(old.proxy.session_header == next.proxy.session_header, "routing.session_header");
  note(old.proxy.external_router == next.proxy.external_router, "routing.external");
  note(old.proxy.delegated_auth == next.proxy.delegated_auth, "auth");
  note(old.monitor == next.monitor, "monitor");
  note(Tie(old.proxy.timeouts) == Tie(next.proxy.timeouts), "timeouts");
  note(Tie(old.proxy.limits) == Tie(next.proxy.limits) && old.proxy.retries == next.proxy.retries,
       "limits");
  note(old.proxy.workers == next.proxy.workers, "workers");
  note(Tie(old.log) == Tie(next.log), "log");
  return changed;
}

}  // namespace gateway::app
