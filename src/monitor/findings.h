// What one probe of a backend found, and how that changes what is believed of it. No I/O.
//
// Threads: pure functions.
// Source: trino-protocol, "Health, load and information endpoints", "Starting and stopping".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "model/snapshot.h"

namespace gateway::monitor {

// The answer of GET /v1/info.
struct Info {
  std::string version;  // "476"
  bool starting = false;
  std::optional<double> uptime;  // seconds; nothing when it cannot be read
};

// kProtocol: not the JSON that a coordinator answers.
Expected<Info> ParseInfo(std::string_view json);

// Trino's durations: "14.28m", "1.00d", "350.00ms". Seconds; nothing when malformed.
std::optional<double> ParseDuration(std::string_view text);

// Number of live queries in the answer of GET /v1/queryState; nothing when it is not an array.
std::optional<double> ParseQueryCount(std::string_view json);

// One answer of the statement protocol to the probe query.
struct QueryPage {
  std::string id;      // may be empty
  std::string target;  // path and query of nextUri, to ask at the same address; empty at the end
  std::string error;   // the query failed: why; else empty
};

// kProtocol: not a JSON object.
Expected<QueryPage> ParseQueryPage(std::string_view json);

// The fields that name `user` and our source in the dialect of a coordinator of that version:
// PrestoDB (0.x) and PrestoSQL up to 350 know X-Presto-* only, Trino X-Trino-* only, and one that
// is set up for an alternate header name refuses to get both. A version that cannot be read: both.
std::vector<std::pair<std::string, std::string>> UserFields(std::string_view version,
                                                            std::string_view user);

struct Findings {
  enum class Outcome : std::uint8_t { kOk, kStarting, kFailed } outcome = Outcome::kFailed;
  std::string failure_class;  // for metrics: "refused", "timeout", "http_503", "not_ready", ...
  std::string reason;         // for people; empty when kOk
  std::optional<bool> process_forwarded;
  Info info;
  std::string coordinator_suffix;  // of the probe query; empty when none ran
  std::optional<double> load;
};

// What the monitor remembers of a backend between two probes.
struct Memory {
  model::BackendStatus status;
  int failures = 0;              // in a row
  std::optional<double> uptime;  // at the last probe

  // Must a probe query succeed before new queries may go there? After every start of the gateway or
  // of the coordinator, and after an outage.
  bool NeedsQuery(const Info& info) const;
  // Was the coordinator started anew since? Only then does its uptime go down.
  bool Restarted(const Info& info) const;
  // Healthy, and the last probe said so too.
  bool BeyondDoubt() const;
};

// The state after `findings`. A healthy backend becomes unhealthy after `fall` failures in a row.
Memory Digest(const Memory& before, const Findings& findings, int fall);

}  // namespace gateway::monitor
