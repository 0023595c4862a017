// What the exchanges of one worker share.
//
// Threads: belongs to one worker, except for what the callbacks reach.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "http/deadlines.h"
#include "http/upstream_pool.h"
#include "model/registry.h"
#include "proxy/options.h"
#include "proxy/stickiness.h"
#include "routing/balancer.h"
#include "routing/policies.h"
#include "telemetry/access_log.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace gateway::proxy {

// What a worker noticed, for those who can act on it; called on the worker, must not block.
struct ProxySignals {
  // It gave no usable answer: "refused", "timeout", "http_503".
  std::function<void(std::string_view backend_id, std::string_view failure_class)> backend_failed;
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
  model::SnapshotPtr snapshot;  // replaced between exchanges; each takes its own reference
  bool stopping = false;        // no new exchanges on open connections
  std::uint32_t own_answers = 0;
  routing::GroupChooser chooser{};
  routing::Balancer balancer{clock, random};  // refers to this context, which never moves
};

}  // namespace gateway::proxy
