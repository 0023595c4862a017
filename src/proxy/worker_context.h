// What the exchanges of one worker share.
//
// Threads: belongs to one worker, except for what the callbacks reach.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "delegated_auth/authenticator.h"
#include "http/deadlines.h"
#include "http/upstream_pool.h"
#include "model/registry.h"
#include "proxy/options.h"
#include "proxy/retry_budget.h"
#include "proxy/statement_facts.h"
#include "proxy/stickiness.h"
#include "routing/balancer.h"
#include "routing/policies.h"
#include "rules/engine.h"
#include "telemetry/access_log.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace gateway::proxy {

// What a worker noticed, for those who can act on it; called on the worker, must not block.
struct ProxySignals {
  // A cluster took a statement. `text`: nothing when the gateway did not keep it.
  struct Submission {
    std::string_view query_id, user, source, client, host, group_id, backend_id, trace;
    std::optional<std::string_view> text;
  };

  std::function<void(const Submission&)> submitted;
  // It gave no usable answer: "refused", "timeout", "http_503".
  std::function<void(std::string_view backend_id, std::string_view failure_class)> backend_failed;
  // The same of a request about a query that runs there: somebody should look.
  std::function<void(std::string_view backend_id, std::string_view failure_class)> backend_doubted;
  std::function<void(std::string_view backend_id, bool process_forwarded)> process_forwarded;
};

struct WorkerContext {
  const ProxyOptions& options;
  const Clock& clock;
  telemetry::Logger& logger;
  telemetry::Metrics& metrics;
  telemetry::AccessLog& access_log;
  const ProxySignals& signals;
  http::Deadlines& deadlines;
  http::UpstreamPool& upstreams;
  StickyView sticky;
  SystemRandom random;
  RetryBudget retries;
  StatementScratch statement_scratch{};
  model::SnapshotPtr snapshot;  // replaced between exchanges; each takes its own reference
  bool stopping = false;        // no new exchanges on open connections
  std::uint32_t own_answers = 0;
  routing::GroupChooser chooser{};
  routing::Balancer balancer{clock, random};  // refers to this context, which never moves
  rules::Engine* rules = nullptr;             // set before the worker runs
  delegated_auth::Authenticator* authenticator = nullptr;  // null: no provider is configured
};

}  // namespace gateway::proxy
