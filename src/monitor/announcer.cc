#include "monitor/announcer.h"

namespace gateway::monitor {

using model::Health;
using telemetry::Level;

void Announcer::Probed(const model::Backend& backend,
                       const Memory& before,
                       const Memory& after,
                       const Findings& findings) {
  metrics_.Probed(backend.id, findings.failure_class);
  if (before.Restarted(findings.info)) {
    logger_.Event(Level::kWarn, "backend.restarted", {{"backend", backend.id}});
  }
  if (before.uptime && before.status.process_forwarded != after.status.process_forwarded) {
    logger_.Event(Level::kInfo, "backend.process_forwarded",
                  {{"backend", backend.id}, {"process_forwarded", after.status.process_forwarded}});
  }
  if (after.status.spooling && after.status.spooling != before.status.spooling) {
    logger_.Event(Level::kInfo, "backend.spooling",
                  {{"backend", backend.id}, {"spooling", *after.status.spooling}});
  }
  if (after.status.load_reason != before.status.load_reason && !after.status.load_reason.empty()) {
    logger_.Event(Level::kWarn, "backend.load_unknown",
                  {{"backend", backend.id}, {"reason", after.status.load_reason}});
  }
  Changed(backend, before, after);
}

void Announcer::Failed(const model::Backend& backend,
                       const Memory& before,
                       const Memory& after,
                       std::string_view failure_class) {
  metrics_.DataPathFailed(backend.id, failure_class);
  Changed(backend, before, after);
}

void Announcer::Scheduled(const model::Backend& backend,
                          const Memory& before,
                          const Memory& after) {
  Changed(backend, before, after);
}

void Announcer::Ejected(std::string_view backend_id, std::string_view reason) {
  metrics_.HealthChanged(backend_id, NameOf(Health::kUnhealthy), "latency");
  logger_.Event(Level::kWarn, "backend.ejected",
                {{"backend", backend_id}, {"class", "latency"}, {"reason", reason}});
}

void Announcer::Readmitted(std::string_view backend_id) {
  metrics_.HealthChanged(backend_id, NameOf(Health::kHealthy), "ok");
  logger_.Event(Level::kInfo, "backend.readmitted", {{"backend", backend_id}});
}

void Announcer::Twin(const model::Backend& backend, std::string_view other) {
  if (other.empty()) {
    logger_.Event(Level::kInfo, "backend.own_coordinator", {{"backend", backend.id}});
  } else {
    logger_.Event(Level::kWarn, "backend.same_coordinator",
                  {{"backend", backend.id}, {"other", other}, {"url", backend.url.ToString()}});
  }
}

// Most probes change none of them.
void Announcer::ShowGauges(const model::Backend& backend,
                           const model::BackendStatus& before,
                           const model::BackendStatus& after) {
  // The first health is shown, too: a backend that is not healthy has a series that says so.
  if (after.health != before.health || before.health != Health::kHealthy) {
    metrics_.BackendHealth(backend.id, after.health == Health::kHealthy);
  }
  if (after.load != before.load) metrics_.BackendLoad(backend.id, after.load);
  const auto& figures = after.figures;
  if (figures == before.figures) return;
  metrics_.BackendFigures(backend.id,
                          {figures.running, figures.queued, figures.blocked, figures.active_workers,
                           figures.reserved_bytes, figures.cpu_seconds});
}

void Announcer::Changed(const model::Backend& backend, const Memory& before, const Memory& after) {
  ShowGauges(backend, before.status, after.status);
  const auto& status = after.status;
  const bool moved = status.health != before.status.health;
  if (moved) {
    metrics_.HealthChanged(backend.id, NameOf(status.health),
                           status.failure_class.empty() ? "ok" : status.failure_class);
  }
  if (!moved && status.reason == before.status.reason) return;
  switch (status.health) {
    case Health::kHealthy:
      logger_.Event(Level::kInfo, "backend.healthy",
                    {{"backend", backend.id},
                     {"version", status.version},
                     {"process_forwarded", status.process_forwarded},
                     {"coordinator_suffix", status.coordinator_suffix}});
      break;
    case Health::kStarting:
      logger_.Event(
          Level::kInfo, "backend.starting",
          {{"backend", backend.id}, {"class", status.failure_class}, {"reason", status.reason}});
      break;
    case Health::kOffSchedule:
      logger_.Event(Level::kInfo, "backend.off_schedule",
                    {{"backend", backend.id}, {"reason", status.reason}});
      break;
    case Health::kUnknown:
      logger_.Event(Level::kInfo, "backend.on_schedule", {{"backend", backend.id}});
      break;
    case Health::kUnhealthy:
      logger_.Event(Level::kWarn, "backend.unhealthy",
                    {{"backend", backend.id},
                     {"url", backend.url.ToString()},
                     {"class", status.failure_class},
                     {"reason", status.reason},
                     {"failures", after.failures}});
      break;
  }
}

}  // namespace gateway::monitor
