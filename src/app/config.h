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

#include "base/ip_address.h"
#include "identity/options.h"
#include "model/configuration.h"
#include "model/registry.h"
#include "monitor/monitor.h"
#include "proxy/options.h"
#include "store/history_writer.h"
#include "store/store_options.h"
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
  std::optional<Address> grpc;         // nothing: gRPC is not served
  std::string token;                   // empty: none, then the API changes nothing from outside
  identity::IdentityOptions identity;  // `token` is one of its tokens
  bool trino_gateway_api = false;      // serve the admin API of Trino's own gateway, too
  // Balancers whose X-Forwarded-For is believed.
  std::vector<AddressBlock> trusted_proxies = {};

  bool operator==(const AdminConfig&) const = default;
};

struct MonitorConfig {
  std::chrono::milliseconds interval{10'000};
  int fall = 2;
  int rise = 1;
  std::chrono::milliseconds stats_valid_for{60'000};
  model::Registry::MarksHold marks = model::Registry::MarksHold::kUntilReport;
  bool shared = false;  // does one instance do the expensive steps for all?
  monitor::ProbeSettings probe;

  bool operator==(const MonitorConfig&) const = default;
};

struct LogConfig {
  telemetry::Level level = telemetry::Level::kInfo;
  telemetry::AccessLogOptions access;
};

struct AppConfig {
  proxy::ProxyOptions proxy;  // listeners, timeouts, limits, workers, parts of routing
  AdminConfig admin;
  store::StoreOptions store;
  store::HistoryOptions history;
  unsigned audit_retention_days = 365;  // 0: for ever
  std::string default_group;            // empty: what no policy matches is refused
  MonitorConfig monitor;
  LogConfig log;
  model::Configuration declared;  // Source::kFile; rules with what their files hold
  // How single backends of `declared` are probed; all others as `monitor.probe` says.
  monitor::SettingsById backend_probes;
};

// The names of changed settings that a reload cannot take over: everything but default_group,
// rules, backends (and how they are probed), groups and policies. For a warning; no values, as they
// may be secret.
std::vector<std::string> ImmutableChanges(const AppConfig& old, const AppConfig& next);

}  // namespace gateway::app
