// One probe of one backend, as it goes over the wire.
//
// GET /v1/info tells whether the coordinator is up and whether it takes forwarded headers; a query
// through the whole protocol tells whether it can run one ("starting": false comes too early: for a
// moment after it, and without workers, queries fail with "nodes is empty"); GET /v1/queryState
// tells its load, where it is allowed.
// Threads: the event loop of `client`.
#pragma once

#include <chrono>
#include <string>

#include "base/clock.h"
#include "http/asio.h"
#include "http/control_client.h"
#include "model/configuration.h"
#include "monitor/findings.h"

namespace gateway::monitor {

struct ProbeOptions {
  std::chrono::milliseconds timeout{5000};  // for the whole probe
  std::string user = "trino-gateway";
  std::string sql = "SELECT 1";
};

class Prober {
 public:
  // All must outlive the prober.
  Prober(http::ControlClient& client, const Clock& clock, const ProbeOptions& options);

  // Never fails: what went wrong is in the findings.
  http::Awaitable<Findings> Probe(Url url, const Memory& memory);

 private:
  struct Call;
  http::Awaitable<bool> AskInfo(Call& call);
  http::Awaitable<bool> RunQuery(Call& call);
  http::Awaitable<void> Cancel(http::ControlRequest request);
  http::Awaitable<void> AskLoad(Call& call);

  http::ControlClient& client_;
  const Clock& clock_;
  const ProbeOptions& options_;
};

}  // namespace gateway::monitor
