// A service that is asked over HTTP which group takes a query.
//
// Request and answer are those of trino-gateway's EXTERNAL rules: POST with the request's headers
// and a JSON body; 200 with {routingGroup, errors, externalHeaders}. Answers can be kept for a
// while by a key; then queries with the same key share one call, too. After failures in a row the
// service is left alone for some time, and the fallback decides at once.
// Threads: one worker's event loop; never blocks. Memory: at most `cache_entries` answers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/expiring_cache.h"
#include "base/url.h"
#include "http/control_client.h"
#include "http/single_flight.h"
#include "rules/cache_key.h"
#include "rules/circuit_breaker.h"
#include "rules/decision.h"
#include "rules/facts.h"
#include "rules/router_messages.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace gateway::rules {

using http::Awaitable;

// What decides when the router does not.
enum class RouterFallback : std::uint8_t {
  kPolicies,
  kDefaultGroup,
  kReject,  // 503: the client asks again later
};
// "policies", "default_group", "reject". kInvalidArgument: the message lists them.
Expected<RouterFallback> ParseRouterFallback(std::string_view name);

struct ExternalRouterOptions {
  HttpLocation location;
  std::chrono::milliseconds timeout{1'000};                  // for a whole call
  std::vector<std::pair<std::string, std::string>> headers;  // sent with each call
  // Neither sent to the router nor taken from its answer.
  std::vector<std::string> exclude_headers;
  bool send_credentials = false;  // Authorization, X-Trino-Password, Cookie, extra credentials
  bool query_properties = false;  // trinoQueryProperties and trinoRequestUser in the body
  bool propagate_errors = false;  // errors in the answer refuse the query
  std::vector<CacheKeyPart> cache_key;  // empty: each query is asked about
  std::chrono::milliseconds cache_ttl{10'000};
  std::size_t cache_entries = 10'000;
  int breaker_failures = 5;
  std::chrono::milliseconds breaker_open_for{10'000};
  RouterFallback fallback = RouterFallback::kPolicies;

  bool operator==(const ExternalRouterOptions&) const = default;
};

class ExternalRouter {
 public:
  // All but `options` must outlive the router.
  ExternalRouter(ExternalRouterOptions options,
                 http::asio::io_context& io,
                 http::Deadlines& deadlines,
                 telemetry::Logger& logger,
                 telemetry::Metrics& metrics);

  // Adds to `decision` what the router says, or the fallback. kUnavailable: there is no answer, and
  // the fallback is to reject. To be awaited in the scope that owns the arguments.
  Awaitable<Expected<void>> Ask(Facts& facts, const Groups& groups, Decision& decision);

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

  const ExternalRouterOptions options_;
  http::Deadlines& deadlines_;
  telemetry::Logger& logger_;
  telemetry::Metrics& metrics_;
  http::ControlClient client_;
  CircuitBreaker breaker_;
  ExpiringCache<RouterAnswer> cache_;
  http::SingleFlight<Answer> flights_;
};

}  // namespace gateway::rules
