#include "monitor/ejection.h"

#include <algorithm>
#include <utility>

namespace gateway::monitor {
namespace {

// A mark that it is unhealthy hides the ejection for a while.
bool Holds(const model::BackendState& state) {
  const auto& failure_class = state.status.failure_class;
  return state.status.health == model::Health::kUnhealthy &&
         (failure_class == kLatencyClass || failure_class == kErrorsClass ||
          failure_class == model::kMarkedClass);
}

}  // namespace

bool TimeOuts::WouldBeUp(const model::BackendState& state) const {
  const auto& backend = state.backend;
  return state.Up() || (Has(backend.id) && backend.enabled && !backend.draining);
}

void TimeOuts::Begin(std::string_view id,
                     Clock::TimePoint now,
                     Clock::TimePoint::duration length,
                     Shares& shares) {
  out_.insert_or_assign(std::string(id), TimeOut{now, now + length});
  shares.NoteOut(id);
}

std::vector<std::string> TimeOuts::EndDue(const model::Snapshot& snapshot,
                                          Clock::TimePoint now,
                                          FunctionRef<int(std::string_view id)> percent_of,
                                          Shares& shares) {
  std::erase_if(out_, [&](const auto& entry) { return !snapshot.FindBackend(entry.first); });
  std::vector<std::pair<std::string, TimeOut>> longest_first(out_.begin(), out_.end());
  std::ranges::sort(longest_first, {}, [](const auto& entry) {
    return std::pair(entry.second.since, std::string_view(entry.first));
  });
  std::vector<std::string> let_in;
  const auto end = [&](const std::string& id, bool is_up) {
    shares.NoteIn(id, is_up);
    out_.erase(id);
    let_in.push_back(id);
  };
  for (const auto& [id, time_out] : longest_first) {
    const auto& state = *snapshot.FindBackend(id);
    const bool holds = Holds(state);
    if (!holds || now >= time_out.until) end(id, holds || state.Up());
  }
  for (const auto& [id, time_out] : longest_first) {
    if (Has(id) && !shares.Keep(id, percent_of(id))) end(id, true);
  }
  return let_in;
}

Shares::Shares(const model::Snapshot& snapshot, const TimeOuts& out) {
  shares_.reserve(snapshot.groups().size());
  for (const auto& group : snapshot.groups()) Count(group, out);
}

bool Shares::Keep(std::string_view id, int percent, std::size_t more) const {
  const auto found = groups_of_.find(id);
  if (found == groups_of_.end()) return true;
  return std::ranges::all_of(found->second, [&](std::size_t group) {
    const auto& share = shares_[group];
    return (share.out + more) * 100 <= share.members * static_cast<std::size_t>(percent);
  });
}

void Shares::NoteOut(std::string_view id) {
  const auto found = groups_of_.find(id);
  if (found == groups_of_.end()) return;
  for (const auto group : found->second) ++shares_[group].out;
}

void Shares::NoteIn(std::string_view id, bool is_up) {
  const auto found = groups_of_.find(id);
  if (found == groups_of_.end()) return;
  for (const auto group : found->second) {
    --shares_[group].out;
    if (!is_up) --shares_[group].members;
  }
}

void Shares::Count(const model::GroupState& group, const TimeOuts& out) {
  const bool by_weight = group.group.strategy == model::Strategy::kWeightedRoundRobin;
  auto& share = shares_.emplace_back();
  if (!group.group.enabled) return;
  for (std::size_t i = 0; i < group.members.size(); ++i) {
    const auto& state = *group.members[i];
    const std::string_view id = state.backend.id;
    if (!out.WouldBeUp(state) || (by_weight && group.plan.weights[i] == 0)) continue;
    ++share.members;
    if (out.Has(id)) ++share.out;
    groups_of_[id].push_back(shares_.size() - 1);
  }
}

}  // namespace gateway::monitor
