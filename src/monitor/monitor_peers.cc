// What is told of a backend by looking at the others.
#include <string_view>
#include <vector>

#include "monitor/monitor.h"
#include "monitor/monitor_task.h"

namespace gateway::monitor {

// Who takes far longer to answer submissions than its peers is out for a while.
void Monitor::JudgeLatency(Clock::TimePoint now) {
  const auto rule_of = [this](std::string_view id) -> const LatencyRule& {
    return SettingsOf(id)->settings.latency;  // they outlive this call
  };
  Settle(ejector_.Judge(*registry_.Current(), rule_of, now), kLatencyClass);
}

// Who answers one submission after the other with an error is out for a while.
void Monitor::JudgeErrors(Clock::TimePoint now) {
  const auto rule_of = [this](std::string_view id) -> const ErrorRule& {
    return SettingsOf(id)->settings.errors;
  };
  Settle(error_ejector_.Judge(*registry_.Current(), rule_of, now), kErrorsClass);
}

void Monitor::Settle(const std::vector<EjectionChange>& changes, std::string_view failure_class) {
  for (const auto& [backend_id, reason] : changes) {
    if (reason.empty()) {
      registry_.Readmit(backend_id, failure_class);
    } else {
      registry_.Eject(backend_id, failure_class, reason);
    }
  }
}

// Two backends with one coordinator get twice the share, and draining one does not empty it. The
// suffix is drawn at random; node ids alone may have been copied with a configuration.
bool Monitor::AreTwins(const Task& one, const Task& other) {
  const auto& a = one.memory.status;
  const auto& b = other.memory.status;
  return &one != &other && a.health == model::Health::kHealthy &&
         b.health == model::Health::kHealthy && !a.coordinator_suffix.empty() &&
         a.coordinator_suffix == b.coordinator_suffix && a.coordinator_id == b.coordinator_id;
}

// Both name each other, until that does not hold any more.
void Monitor::FindTwins(Task& task) {
  for (const auto& [id, other] : tasks_) {
    if (other.get() == &task) continue;
    const auto& named = other->memory.status.same_as;
    const bool twins = AreTwins(task, *other);
    if (twins ? !named.empty() : named != task.backend.id) continue;
    if (NameTwin(*other)) {
      registry_.ReportProbe(other->backend, other->memory.status, model::Registry::Urgent::kHealth);
    }
  }
  NameTwin(task);
}

// Did it change?
bool Monitor::NameTwin(Task& task) {
  std::string twin;
  for (const auto& [id, other] : tasks_) {
    if (twin.empty() && AreTwins(task, *other)) twin = id;
  }
  if (twin == task.memory.status.same_as) return false;
  task.memory.status.same_as = twin;
  announcer_.Twin(task.backend, twin);
  return true;
}

}  // namespace gateway::monitor
