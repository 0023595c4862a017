// What one probe of a backend found, and how that changes what is believed of it. No I/O.
//
//   unknown → starting → healthy ⇄ unhealthy
//
// A healthy backend becomes unhealthy after `fall` failures in a row; a failure that the data path
// saw counts as one, once between two probes. An unhealthy one becomes healthy after `rise` good
// probes in a row, each with a probe query. Then its group's slow start begins.
// Threads: pure functions.
// Source: trino-protocol, "Starting and stopping".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/shared_probes.h"
#include "model/snapshot.h"
#include "monitor/answers.h"

namespace gateway::monitor {

struct Findings {
  enum class Outcome : std::uint8_t { kOk, kStarting, kFailed } outcome = Outcome::kFailed;
  std::string failure_class;  // for metrics: "ok", "refused", "timeout", "http_503", ...
  std::string reason;         // for people; empty when kOk
  std::optional<bool> process_forwarded;
  Info info;
  // What a probe query, and what is asked with it, found out; empty when none ran.
  std::string coordinator_suffix;
  std::string coordinator_id;
  std::optional<bool> spooling;
  std::optional<double> load;
  std::uint64_t submissions_seen = 0;  // model::BackendStatus::submissions_seen, of the load
  std::string load_reason;             // why there is none
  model::ClusterFigures figures;
  // Another instance found the outcome, after its own count of failures, and the load: then.
  std::optional<Clock::TimePoint> shared_at;
  // What /v1/queryState listed, where the load was asked there.
  std::optional<std::vector<LiveQuery>> listed;
  // Ids of the queries of others that live there; asked only while somebody waits for their end.
  std::optional<std::vector<std::string>> living;
};

// How many probes in a row it takes to believe them.
struct Hysteresis {
  int fall = 2;
  int rise = 1;
};

// What the monitor remembers of a backend between two probes.
struct Memory {
  model::BackendStatus status;
  int failures = 0;              // in a row
  int successes = 0;             // in a row, while unhealthy
  bool doubted = false;          // the data path saw a failure since the last probe
  bool counted = false;          // and one has counted as a failed probe
  std::optional<double> uptime;  // at the last probe
  std::string failure;           // the last one, while unhealthy
  // When what was taken over last from another instance was measured.
  std::optional<Clock::TimePoint> taken_over;

  // Must a probe query succeed before new queries may go there? After every start of the gateway or
  // of the coordinator, after an outage, and when the data path has its doubts.
  bool NeedsQuery(const Info& info) const;
  // Was the coordinator started anew since? Only then does its uptime go down.
  bool Restarted(const Info& info) const;
  // Healthy, and nothing speaks against it.
  bool BeyondDoubt() const;
};

// May what another instance found take the place of asking the cluster? Not when queries failed
// here since the last probe, nor when the coordinator was started since that was measured.
bool Applies(const model::ProbeResult& shared,
             const Memory& memory,
             const Info& info,
             Clock::TimePoint now);
// The outcome of a probe whose /v1/info was good, from what another instance found.
void TakeOver(const model::ProbeResult& shared, const Memory& memory, Findings& findings);
// What others may take over of a probe of this instance, and of what is believed after it. Nothing:
// the probe did not get as far as its expensive steps.
std::optional<model::ProbeResult> ToShare(const Findings& findings, const Memory& after);

// The state after a probe.
Memory Digest(const Memory& before, const Findings& findings, const Hysteresis& hysteresis);

// The state after the data path failed to get an answer: "refused", "http_503". Such failures count
// as one failed probe until the next one.
Memory DigestFailure(const Memory& before,
                     std::string_view failure_class,
                     const Hysteresis& hysteresis);

}  // namespace gateway::monitor
