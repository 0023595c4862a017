#include "monitor/announcer.h"

#include <atomic>
#include <chrono>
#include <set>
#include <utility>

#include "monitor/ejection.h"

namespace gateway::monitor {

namespace {

using model::Health;
using telemetry::Level;

constexpr std::chrono::minutes kRepeat{1};

bool IsEjected(const model::BackendState& state) {
  const auto& status = state.status;
  return status.health == Health::kUnhealthy &&
         (status.failure_class == kLatencyClass || status.failure_class == kErrorsClass);
}

}  // namespace

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
}

void Announcer::Twin(const model::Backend& backend, std::string_view other) {
  if (other.empty()) {
    logger_.Event(Level::kInfo, "backend.own_coordinator", {{"backend", backend.id}});
  } else {
    logger_.Event(Level::kWarn, "backend.same_coordinator",
                  {{"backend", backend.id}, {"other", other}, {"url", backend.url.ToString()}});
  }
}

bool Announcer::IsNews(const model::BackendState& before, const model::BackendState& after) {
  const auto now = clock_.Now();
  const auto known = told_.find(after.backend.id);
  const bool same = before.StateName() == after.StateName() &&
                    before.status.health == after.status.health &&
                    before.status.failure_class == after.status.failure_class;
  if (same && known != told_.end() && now - known->second < kRepeat) return false;
  told_.insert_or_assign(after.backend.id, now);
  return true;
}

void Announcer::StateChanged(const model::BackendState& before, const model::BackendState& after) {
  const auto& status = after.status;
  const bool moved = before.StateName() != after.StateName();
  if (moved || before.status.health != status.health) {
    // Probes of one that is drained or disabled go on: what they find is counted, too.
    const bool found = !moved || after.StateName() == NameOf(status.health);
    metrics_.HealthChanged(
        after.backend.id, moved ? after.StateName() : NameOf(status.health),
        found && !status.failure_class.empty() ? std::string_view(status.failure_class) : "ok");
  }
  if (!IsNews(before, after)) return;
  if (moved && !after.backend.enabled) {
    logger_.Event(Level::kInfo, "backend.disabled", {{"backend", after.backend.id}});
  } else if (moved && after.backend.draining) {
    logger_.Event(Level::kInfo, "backend.draining", {{"backend", after.backend.id}});
  } else {
    LogHealth(before, after);
  }
}

void Announcer::LogHealth(const model::BackendState& before, const model::BackendState& after) {
  const auto& id = after.backend.id;
  const auto& status = after.status;
  switch (status.health) {
    case Health::kHealthy:
      if (IsEjected(before)) {
        return logger_.Event(Level::kInfo, "backend.readmitted",
                             {{"backend", id}, {"class", before.status.failure_class}});
      }
      return logger_.Event(Level::kInfo, "backend.healthy",
                           {{"backend", id},
                            {"version", status.version},
                            {"process_forwarded", status.process_forwarded},
                            {"coordinator_suffix", status.coordinator_suffix},
                            {"marked", status.marked}});
    case Health::kStarting:
      return logger_.Event(
          Level::kInfo, "backend.starting",
          {{"backend", id}, {"class", status.failure_class}, {"reason", status.reason}});
    case Health::kOffSchedule:
      return logger_.Event(Level::kInfo, "backend.off_schedule",
                           {{"backend", id}, {"reason", status.reason}});
    case Health::kUnknown:
      return logger_.Event(
          Level::kInfo,
          before.status.health == Health::kOffSchedule ? "backend.on_schedule" : "backend.unknown",
          {{"backend", id}});
    case Health::kUnhealthy:
      return logger_.Event(Level::kWarn, IsEjected(after) ? "backend.ejected" : "backend.unhealthy",
                           {{"backend", id},
                            {"url", after.backend.url.ToString()},
                            {"class", status.failure_class},
                            {"reason", status.reason}});
  }
}

void ShowBackends(const model::Snapshot& snapshot,
                  Clock::TimePoint now,
                  telemetry::Metrics& metrics) {
  std::set<std::string, std::less<>> declared;
  for (const auto& state : snapshot.backends()) {
    const auto& id = state->backend.id;
    const auto& figures = state->status.figures;
    declared.insert(id);
    metrics.BackendHealth(id, state->status.health == Health::kHealthy);
    metrics.BackendLoad(id, state->status.load);
    metrics.BackendFigures(
        id, {figures.running, figures.queued, figures.blocked, figures.active_workers,
             figures.reserved_bytes, figures.cpu_seconds});
    metrics.BackendInFlight(id, state->counters->in_flight.load(std::memory_order_relaxed));
    const auto left = state->LeftHere(now);
    metrics.BackendLeft(id, left.queries, left.transactions);
  }
  metrics.KeepBackends(std::move(declared));
}

}  // namespace gateway::monitor
