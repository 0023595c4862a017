// Settings of delegated authentication. Defaults are those documented in docs/configuration.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "base/url.h"

namespace gateway::delegated_auth {

struct DelegatedAuthOptions {
  HttpLocation location;
  std::string token;                             // sent as X-Auth-Token; empty: none
  std::chrono::milliseconds timeout{5'000};      // for a whole call
  std::chrono::milliseconds cache_ttl{600'000};  // accepted credentials
  std::chrono::milliseconds failure_ttl{5'000};  // refused ones
  std::size_t entries = 10'000;
  std::vector<std::string> impersonators;  // users who may name another one in X-Trino-User
  bool check_polls = false;  // also requests that a secret in their path authenticates

  bool operator==(const DelegatedAuthOptions&) const = default;
};

}  // namespace gateway::delegated_auth
