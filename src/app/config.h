// What the configuration file says, checked and complete.
//
// One struct for each room; the wiring hands them out, so no room sees the whole. Keys, units and
// defaults are documented in docs/configuration.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/configuration.h"
#include "proxy/options.h"
#include "rules/rule_book.h"
#include "telemetry/access_log.h"
#include "telemetry/logger.h"

namespace gateway::app {

struct Address {
  std::string host;        // an IP address, without the brackets of IPv6
  std::uint16_t port = 0;  // 0: any free one

  // `127.0.0.1:8080`, `[::1]:8080`.
  std::string ToString() const;
  bool operator==(const Address&) const = default;
};

struct AdminConfig {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8090;
  std::optional<Address> grpc;  // accepted, not served yet
  std::string token;            // empty: none, then the API changes nothing from outside

  bool operator==(const AdminConfig&) const = default;
};

struct MonitorConfig {
  std::chrono::milliseconds interval{10'000};
  std::chrono::milliseconds timeout{5'000};
  std::string user = "trino-gateway";
  int fall = 2;
  std::string probe_sql = "SELECT 1";

  bool operator==(const MonitorConfig&) const = default;
};

struct LogConfig {
  telemetry::Level level = telemetry::Level::kInfo;
  telemetry::AccessLogOptions access;
};

struct AppConfig {
  proxy::ProxyOptions proxy;  // listeners, timeouts, limits, workers, routing.backend_header
  AdminConfig admin;
  std::string store_url = "sqlite::memory:";
  std::string default_group;  // empty: what no policy matches is refused
  MonitorConfig monitor;
  LogConfig log;
  model::Configuration declared;   // Source::kFile
  std::vector<rules::Rule> rules;  // routing.rules, with what their files hold; valid
};

// The names of changed settings that a reload cannot take over: everything but default_group,
// rules, backends, groups and policies. For a warning; no values, as they may be secret.
std::vector<std::string> ImmutableChanges(const AppConfig& old, const AppConfig& next);

}  // namespace gateway::app
