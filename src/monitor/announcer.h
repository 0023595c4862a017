// Tells people what changed about a backend: log lines and metrics.
//
// Threads: the monitor's event loop.
#pragma once

#include <string_view>

#include "model/configuration.h"
#include "monitor/findings.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace gateway::monitor {

class Announcer {
 public:
  // Both must outlive the announcer.
  Announcer(telemetry::Logger& logger, telemetry::Metrics& metrics)
      : logger_(logger), metrics_(metrics) {}

  // A probe ended.
  void Probed(const model::Backend& backend,
              const Memory& before,
              const Memory& after,
              const Findings& findings);
  // The data path failed there.
  void Failed(const model::Backend& backend,
              const Memory& before,
              const Memory& after,
              std::string_view failure_class);
  // Its schedule took it out, or let it in again.
  void Scheduled(const model::Backend& backend, const Memory& before, const Memory& after);
  // It is out because queries are answered slowly there; it gets them again.
  void Ejected(std::string_view backend_id, std::string_view reason);
  void Readmitted(std::string_view backend_id);
  // It is the same coordinator as `other`; empty: not any more.
  void Twin(const model::Backend& backend, std::string_view other);

 private:
  void Changed(const model::Backend& backend, const Memory& before, const Memory& after);
  void ShowGauges(const model::Backend& backend,
                  const model::BackendStatus& before,
                  const model::BackendStatus& after);

  telemetry::Logger& logger_;
  telemetry::Metrics& metrics_;
};

}  // namespace gateway::monitor
