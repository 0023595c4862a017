// Tells people what changed about a backend: log lines and metrics.
//
// Threads: the monitor's event loop, but for StateChanged().
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/configuration.h"
#include "model/snapshot.h"
#include "monitor/findings.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace gateway::monitor {

class Announcer {
 public:
  // All must outlive the announcer.
  Announcer(const Clock& clock, telemetry::Logger& logger, telemetry::Metrics& metrics)
      : clock_(clock), logger_(logger), metrics_(metrics) {}

  // A probe ended.
  void Probed(const model::Backend& backend,
              const Memory& before,
              const Memory& after,
              const Findings& findings);
  // It is the same coordinator as `other`; empty: not any more.
  void Twin(const model::Backend& backend, std::string_view other);

  // What it is, or why, changed: by probes, schedules, queries that fared badly, or by hand. From
  // any thread, one call at a time: Registry::OnStateChange(). A state, or a failure of another
  // class, is told at once. What else changes in the reason may be a number that is measured anew
  // with each probe: that is told once a minute.
  void StateChanged(const model::BackendState& before, const model::BackendState& after);

 private:
  bool IsNews(const model::BackendState& before, const model::BackendState& after);
  void LogHealth(const model::BackendState& before, const model::BackendState& after);

  const Clock& clock_;
  telemetry::Logger& logger_;
  telemetry::Metrics& metrics_;
  // When StateChanged() logged something last, by backend. One that was deleted leaves its entry.
  std::map<std::string, Clock::TimePoint, std::less<>> told_;
};

// Sets the gauges of all backends of `snapshot`, and takes what is not in it out of `metrics`.
void ShowBackends(const model::Snapshot& snapshot,
                  Clock::TimePoint now,
                  telemetry::Metrics& metrics);

}  // namespace gateway::monitor
