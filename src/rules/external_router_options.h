// Settings of the external router. Defaults are those documented in docs/configuration.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/url.h"
#include "rules/cache_key.h"

namespace gateway::rules {

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

}  // namespace gateway::rules
