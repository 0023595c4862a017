// One probe of one backend, as it goes over the wire.
//
// GET /v1/info tells whether the coordinator is up and whether it takes forwarded headers; a query
// through the whole protocol tells whether it can run one ("starting": false comes too early: for a
// moment after it, and without workers, queries fail with "nodes is empty"). What else has to hold
// is said by the settings. The load comes last: without one a backend is healthy all the same.
// Threads: the event loop of `client`.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "http/asio.h"
#include "http/control_client.h"
#include "monitor/findings.h"
#include "monitor/probe_call.h"
#include "monitor/probe_settings.h"

namespace gateway::monitor {

// Settings with what was made of them: the files of a TLS client are read once.
struct PreparedSettings {
  explicit PreparedSettings(ProbeSettings chosen);

  const ProbeSettings settings;
  std::shared_ptr<http::TlsClient> tls;  // null: the system's authorities
  std::string problem;                   // why there is none though it is wanted; else empty
};

struct ProbeTarget {
  Url url;
  std::shared_ptr<const PreparedSettings> prepared;
  bool draining = false;
  bool only_lists = false;  // leave out all steps but /v1/info, and the load: what lives is asked
  // What another instance found with the expensive steps, for this one to leave them out.
  std::optional<model::ProbeResult> shared = std::nullopt;
  // Of the backend, for the submissions that a load does not have in it yet, and for what only the
  // coordinator knows to run; may be null.
  std::shared_ptr<const model::BackendCounters> counters = nullptr;
};

class Prober {
 public:
  // Both must outlive the prober.
  Prober(http::ControlClient& client, const Clock& clock) : client_(client), clock_(clock) {}

  // Never fails: what went wrong is in the findings.
  http::Awaitable<Findings> Probe(ProbeTarget target, Memory memory);

 private:
  http::ControlClient& client_;
  const Clock& clock_;
};

}  // namespace gateway::monitor
