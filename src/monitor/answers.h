// Reads what coordinators answer to probes. Hostile text gives an error, never more.
//
// Threads: pure functions.
// Source: trino-protocol, "Health, load and information endpoints".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gateway::monitor {

// Of what clusters call themselves and their queries, more is not kept.
inline constexpr std::size_t kMaxName = 256;

// The answer of GET /v1/info.
struct Info {
  std::string version;      // "476"; at most kMaxName bytes
  std::string environment;  // node.environment; may be empty; at most kMaxName bytes
  bool coordinator = true;  // false: it is a worker, which answers all of this, too
  bool starting = false;
  std::optional<double> uptime;  // seconds; nothing when it cannot be read
};

// kProtocol: not the JSON that a node of Trino answers, or nested deeper than 32 levels.
Expected<Info> ParseInfo(std::string_view json);

// Trino's durations: "14.28m", "1.00d", "350.00ms". Seconds; nothing when malformed.
std::optional<double> ParseDuration(std::string_view text);

// The coordinator's node.id in the answer of GET /v1/status; empty when it is not there, or too
// long to be one.
std::string ParseNodeId(std::string_view json);

// One entry of GET /v1/queryState.
struct LiveQuery {
  std::string id;
  std::string state;   // "RUNNING"
  std::string source;  // what its client calls itself; may be empty
  bool blocked = false;
};

// Nothing when it is no array of objects.
std::optional<std::vector<LiveQuery>> ParseQueryState(std::string_view json);

// One answer of the statement protocol.
struct QueryPage {
  std::string id;      // may be empty, also when it is too long to be one
  std::string target;  // path and query of nextUri, to ask at the same address; empty at the end
  std::string error;   // the query failed: why; else empty
  std::vector<std::vector<std::string>> rows;  // values as text; at most kMaxRows
  std::optional<bool> spooling;  // are the rows in segments? nothing: there are none here
};
inline constexpr std::size_t kMaxRows = 1000;

// kProtocol: not a JSON object.
Expected<QueryPage> ParseQueryPage(std::string_view json);

using Numbers = std::map<std::string, double, std::less<>>;

// A finite number; nothing: something else, such as "NaN".
std::optional<double> ParseNumber(std::string_view text);

// Samples of the OpenMetrics text format: name (with its labels, if any) and value. Those that are
// no finite numbers are left out.
Numbers ParseMetrics(std::string_view text);

// The numeric members of a JSON object: /ui/api/stats. Nothing when it is none.
std::optional<Numbers> ParseNumbers(std::string_view json);

// The numeric attributes of GET /v1/jmx/mbean/{name}. Nothing when it is none.
std::optional<Numbers> ParseMbean(std::string_view json);

}  // namespace gateway::monitor
