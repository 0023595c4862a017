#include "model/snapshot.h"

#include <algorithm>

namespace gateway::model {

std::string_view NameOf(Health health) {
  switch (health) {
    case Health::kUnknown:
      return "unknown";
    case Health::kStarting:
      return "starting";
    case Health::kHealthy:
      return "healthy";
    case Health::kUnhealthy:
      return "unhealthy";
    case Health::kOffSchedule:
      return "off_schedule";
  }
  return "unknown";
}

std::string_view BackendState::IneligibleReason() const {
  if (!backend.enabled) return "disabled";
  if (status.health == Health::kHealthy) return "";
  return status.reason.empty() ? NameOf(status.health) : std::string_view(status.reason);
}

std::string_view BackendState::StateName() const {
  if (!backend.enabled) return "disabled";
  return backend.draining ? "draining" : NameOf(status.health);
}

DrainState BackendState::Left(Clock::TimePoint now) const {
  auto left = counters->live.Left(now);
  const auto in_flight = counters->in_flight.load(std::memory_order_relaxed);
  left.exchanges = static_cast<std::size_t>(std::max<std::int64_t>(in_flight, 0));
  return left;
}

double BackendState::Load() const {
  if (!status.load) {
    return static_cast<double>(counters->in_flight.load(std::memory_order_relaxed));
  }
  const auto since = counters->submissions.load() - status.submissions_seen;
  return *status.load + static_cast<double>(since);
}

Snapshot::Snapshot(Parts parts) : parts_(std::move(parts)) {}

const BackendState* Snapshot::FindBackend(std::string_view id) const {
  const auto found = std::ranges::find_if(
      parts_.backends, [&](const auto& state) { return state->backend.id == id; });
  return found == parts_.backends.end() ? nullptr : found->get();
}

const GroupState* Snapshot::FindGroup(std::string_view id) const {
  const auto found =
      std::ranges::find_if(parts_.groups, [&](const auto& state) { return state.group.id == id; });
  return found == parts_.groups.end() ? nullptr : &*found;
}

}  // namespace gateway::model
