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
  if (backend.draining) return "draining";
  if (status.health == Health::kHealthy) return OverLimit() ? "load above its limit" : "";
  return status.reason.empty() ? NameOf(status.health) : std::string_view(status.reason);
}

std::string_view BackendState::StateName() const {
  if (!backend.enabled) return "disabled";
  return backend.draining ? "draining" : NameOf(status.health);
}

DrainState BackendState::LeftHere(Clock::TimePoint now) const {
  auto left = counters->live.Left(now);
  const auto in_flight = counters->in_flight.load(std::memory_order_relaxed);
  left.exchanges = static_cast<std::size_t>(std::max<std::int64_t>(in_flight, 0));
  return left;
}

DrainState BackendState::Left(Clock::TimePoint now) const {
  auto left = LeftHere(now);
  const auto in_flight = counters->remote_in_flight.load(std::memory_order_relaxed);
  left.exchanges += static_cast<std::size_t>(std::max<std::int64_t>(in_flight, 0));
  left.queries += counters->remote_queries.load(std::memory_order_relaxed);
  left.transactions += counters->remote_transactions.load(std::memory_order_relaxed);
  left.spooled = left.spooled || counters->remote_spooled.load(std::memory_order_relaxed);
  return left;
}

double BackendState::Load() const {
  if (!status.load) {
    return static_cast<double>(counters->in_flight.load(std::memory_order_relaxed));
  }
  // What was seen may be of an earlier backend of that name.
  const auto submissions = counters->submissions.load();
  const auto since = submissions - std::min(submissions, status.submissions_seen);
  return *status.load + static_cast<double>(since);
}

std::int64_t BackendState::InFlight() const {
  return counters->in_flight.load(std::memory_order_relaxed) +
         counters->remote_in_flight.load(std::memory_order_relaxed);
}

Snapshot::Snapshot(Parts parts) : parts_(std::move(parts)) {
  groups_.reserve(parts_.declared->groups.size());
  for (std::size_t i = 0; i < parts_.declared->groups.size(); ++i) groups_.push_back(StateOf(i));
}

GroupState Snapshot::StateOf(std::size_t position) const {
  const auto& group = parts_.declared->groups[position];
  const auto& plan = parts_.declared->plans[position];
  GroupState state{.group = group, .plan = plan, .cursor = parts_.cursors[position]};
  state.members.reserve(plan.members.size());
  state.up.reserve(plan.members.size());
  for (std::uint32_t i = 0; i < plan.members.size(); ++i) {
    const auto* member = parts_.backends[plan.members[i]].get();
    state.members.push_back(member);
    const bool weightless = group.strategy == Strategy::kWeightedRoundRobin && plan.weights[i] == 0;
    if (!member->Up() || weightless) continue;
    state.up.push_back(i);
    state.limited = state.limited || member->backend.load_limit > 0;
    if (group.slow_start > std::chrono::milliseconds(0)) {
      state.ramps_until = std::max(state.ramps_until, member->up_since + group.slow_start);
    }
  }
  return state;
}

const BackendState* Snapshot::FindBackend(std::string_view id) const {
  const auto id_of = [](const auto& state) -> std::string_view { return state->backend.id; };
  const auto found = std::ranges::lower_bound(parts_.backends, id, {}, id_of);
  return found == parts_.backends.end() || (*found)->backend.id != id ? nullptr : found->get();
}

const GroupState* Snapshot::FindGroup(std::string_view id) const {
  const auto id_of = [](const GroupState& state) -> std::string_view { return state.group.id; };
  const auto found = std::ranges::lower_bound(groups_, id, {}, id_of);
  return found == groups_.end() || found->group.id != id ? nullptr : &*found;
}

}  // namespace gateway::model
