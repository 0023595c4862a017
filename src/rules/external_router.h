// A service that is asked over HTTP which group takes a query.
//
// Request and answer are those of trino-gateway's EXTERNAL rules: POST with the request's headers
// and a JSON body; 200 with {routingGroup, errors, externalHeaders}. Answers can be kept for a
// while by a key; then queries with the same key share one call, too. After failures in a row the
// service is left alone for some time, and the fallback decides at once. So it does while kMaxCalls
// are under way, and for a query that the service refuses (4xx), which says nothing about others.
// Threads: one worker's event loop; never blocks. Memory: at most `cache_entries` answers, and
// kMaxCalls requests and connections.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/expiring_cache.h"
#include "http/control_client.h"
#include "http/single_flight.h"
#include "rules/circuit_breaker.h"
#include "rules/decision.h"
#include "rules/external_router_options.h"
#include "rules/facts.h"
#include "rules/router_messages.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace gateway::rules {

using http::Awaitable;

class ExternalRouter {
 public:
  // Under way at a time. A slow service must not hold up any number of statements and connections.
  static constexpr std::size_t kMaxCalls = 256;

  // All but `options` must outlive the router.
  ExternalRouter(ExternalRouterOptions options,
                 http::asio::io_context& io,
                 http::Deadlines& deadlines,
                 telemetry::Logger& logger,
                 telemetry::Metrics& metrics);

  // Adds to `decision` what the router says, or the fallback. kUnavailable: there is no answer, and
  // the fallback is to reject. To be awaited in the scope that owns the arguments.
  Awaitable<Expected<void>> Ask(Facts& facts, const Groups& groups, Decision& decision);

  // For stopping: closes what is kept, and lets no lookup of its name that has not begun hold the
  // loop.
  void GiveUpLookups();

 private:
  using Answer = Expected<RouterAnswer>;

  Awaitable<Answer> Find(Facts& facts);
  Awaitable<Answer> FetchAndKeep(std::string key, http::ControlRequest request);
  Awaitable<Answer> Fetch(http::ControlRequest request);
  Awaitable<Answer> FetchOnce(http::ControlRequest request);
  http::ControlRequest RequestFor(Facts& facts) const;
  bool IsExcluded(std::string_view name) const;
  void Apply(const RouterAnswer& answer, const Groups& groups, Decision& decision) const;
  Expected<void> FallBack(const Error& error, const Groups& groups, Decision& decision) const;
  void NoteResult(const Answer& answer);
  void Warn(std::string_view event, std::string_view reason);

  const ExternalRouterOptions options_;
  http::Deadlines& deadlines_;
  telemetry::Logger& logger_;
  telemetry::Metrics& metrics_;
  http::ControlClient client_;
  CircuitBreaker breaker_;
  ExpiringCache<RouterAnswer> cache_;
  http::SingleFlight<Answer> flights_;
  std::size_t calls_ = 0;                                   // under way
  Clock::TimePoint quiet_until_ = Clock::TimePoint::min();  // of warnings in the log
};

}  // namespace gateway::rules
