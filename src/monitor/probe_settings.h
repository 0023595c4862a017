// How a backend is probed: what is asked, as whom, and what has to hold.
//
// Plain values, for all backends and for single ones; the configuration file is read elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "http/tls.h"
#include "monitor/error_ejector.h"
#include "monitor/latency.h"

namespace gateway::monitor {

enum class ProbeType : std::uint8_t {
  kInfo,     // GET /v1/info: up and not starting; always the first
  kSql,      // a query through the whole statement protocol
  kMetrics,  // GET /metrics: values within bounds
  kJmx,      // GET /v1/jmx/mbean/...: values within bounds
  kUiApi,    // GET /ui/api/stats, after a form login where one is wanted: values within bounds
};

enum class LoadSource : std::uint8_t {
  kNone,
  kQueryState,  // GET /v1/queryState: what lives
  kSql,         // system.runtime.queries and .nodes: costs a query
  kMetrics,     // GET /metrics
  kJmx,         // GET /v1/jmx/mbean/...
  kUiApi,       // GET /ui/api/stats
};

// Names as in the configuration file: "info", "ui_api", "query_state".
std::string_view NameOf(ProbeType type);
std::string_view NameOf(LoadSource source);
// kInvalidArgument: the message lists the allowed names.
Expected<ProbeType> ParseProbeType(std::string_view name);
Expected<LoadSource> ParseLoadSource(std::string_view name);

// Does it tell the number of active workers?
bool CountsWorkers(LoadSource source);

// A value that has to lie between the two, each of them included.
struct Bounds {
  // kMetrics: as in the answer; kJmx: "trino.execution:name=QueryManager/QueuedQueries";
  // kUiApi: "activeWorkers".
  std::string name;
  std::optional<double> minimum = std::nullopt;
  std::optional<double> maximum = std::nullopt;

  bool operator==(const Bounds&) const = default;
};

struct ProbeStep {
  ProbeType type = ProbeType::kInfo;
  std::chrono::milliseconds timeout{5000};
  std::string sql = "SELECT 1";       // kSql
  std::optional<std::string> expect;  // kSql: first value of the first row; nothing: any result
  bool always = false;         // kSql: with every probe; else after a start, an outage or a doubt
  std::vector<Bounds> bounds;  // kMetrics, kJmx, kUiApi

  bool operator==(const ProbeStep&) const = default;
};

struct Credentials {
  std::string user = "trino-gateway";
  std::string password;  // Basic, and the UI's form; empty: none
  std::string token;     // Bearer (a JSON web token); empty: none
  http::TlsOptions tls;

  bool operator==(const Credentials&) const = default;
};

struct ProbeSettings {
  // In this order; the first one that fails decides. kInfo is asked first even if it is not here.
  std::vector<ProbeStep> steps = {{.type = ProbeType::kInfo}, {.type = ProbeType::kSql}};
  Credentials credentials;
  LoadSource load_source = LoadSource::kQueryState;
  std::chrono::milliseconds load_timeout{5000};
  int min_active_workers = 0;  // needs a source that counts them
  LatencyRule latency;         // no probe: what queries found
  ErrorRule errors;            // the same

  bool operator==(const ProbeSettings&) const = default;
};

}  // namespace gateway::monitor
