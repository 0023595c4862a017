#include "routing/balancer.h"

#include <algorithm>
#include <mutex>

#include <fmt/format.h>

#include "base/ranges.h"
#include "routing/strategies.h"

namespace gateway::routing {
namespace {

using model::BackendState;
using model::GroupState;
using model::GroupTurn;
using model::Strategy;

// A backend that is back takes this much at once; with less it would take nothing for long.
constexpr double kLeastShare = 0.05;

bool GoesByTurn(Strategy strategy) {
  return strategy != Strategy::kRandom && strategy != Strategy::kHash;
}

}  // namespace

Pick Balancer::Choose(const GroupChoice& choice, std::span<const BackendState* const> excluded) {
  for (const auto* group : choice.groups) {
    const auto candidates = CandidatesOf(*group, excluded);
    if (candidates.empty()) continue;
    std::unique_lock lock(group->cursor->mutex, std::defer_lock);
    if (GoesByTurn(group->group.strategy)) lock.lock();
    const auto* picked = PickFrom(*group, candidates, choice, group->cursor->turn);
    picked->counters->submissions.fetch_add(1, std::memory_order_relaxed);
    return {group, picked};
  }
  return {};
}

Pick Balancer::ChooseAny(const GroupChoice& choice, std::span<const BackendState* const> excluded) {
  for (const auto* group : choice.groups) {
    const auto candidates = CandidatesOf(*group, excluded);
    if (candidates.empty()) continue;
    return {group, group->members[candidates[random_.Below(candidates.size())]]};
  }
  return {};
}

bool Balancer::HasAny(const GroupChoice& choice, std::span<const BackendState* const> excluded) {
  return std::ranges::any_of(choice.groups, [&](const GroupState* group) {
    return !CandidatesOf(*group, excluded).empty();
  });
}

Pick Balancer::Preview(const GroupChoice& choice) {
  for (const auto* group : choice.groups) {
    const auto candidates = CandidatesOf(*group, {});
    if (candidates.empty()) continue;
    GroupTurn turn;
    {
      const std::lock_guard lock(group->cursor->mutex);
      turn = group->cursor->turn;
    }
    return {group, PickFrom(*group, candidates, choice, turn)};
  }
  return {};
}

std::span<const std::uint32_t> Balancer::CandidatesOf(
    const GroupState& group, std::span<const BackendState* const> excluded) {
  if (excluded.empty() && !group.limited) return group.up;
  candidates_.clear();
  for (const auto position : group.up) {
    const auto* member = group.members[position];
    if (!member->OverLimit() && !Contains(excluded, member)) candidates_.push_back(position);
  }
  return candidates_;
}

const BackendState* Balancer::PickFrom(const GroupState& group,
                                       std::span<const std::uint32_t> candidates,
                                       const GroupChoice& choice,
                                       GroupTurn& turn) {
  const Field field{group, candidates, clock_.WallNow()};
  switch (group.group.strategy) {
    case Strategy::kRoundRobin:
      return &field.At(PickInTurn(field, turn));
    case Strategy::kRandom:
      return &field.At(PickAtRandom(field, random_));
    case Strategy::kLeastLoad:
      return &field.At(PickLeastLoad(field, turn, random_));
    case Strategy::kWeightedRoundRobin:
      return &field.At(PickByWeight(field, turn, true));
    case Strategy::kLeastInFlight:
      return &field.At(PickLeastInFlight(field, turn));
    case Strategy::kHash:
      return &field.At(PickByHash(field, choice.KeyOf(group.group.hash_key)));
  }
  return &field.At(candidates.front());
}

double ShareOf(const GroupState& group, const BackendState& member, Clock::WallTime now) {
  const auto whole = group.group.slow_start;
  const auto since = now - member.up_since;
  if (whole <= std::chrono::milliseconds(0) || since >= whole) return 1;
  const auto share = std::chrono::duration<double>(since) / std::chrono::duration<double>(whole);
  return std::max(kLeastShare, share);
}

std::string_view OutReason(const GroupState& group, std::size_t position) {
  const auto& member = *group.members[position];
  if (!member.Eligible()) return member.IneligibleReason();
  const bool by_weight = group.group.strategy == Strategy::kWeightedRoundRobin;
  return by_weight && group.plan.weights[position] == 0 ? "weight 0" : "";
}

std::string ExplainUnavailable(const GroupChoice& choice) {
  if (choice.groups.empty()) return "no enabled group is configured for it";
  std::string text;
  for (const auto* group : choice.groups) {
    if (!text.empty()) text += "; ";
    text += group->group.id;
    text += ": ";
    if (group->members.empty()) text += "no backends";
    for (std::size_t i = 0; i < group->members.size(); ++i) {
      if (i != 0) text += ", ";
      const auto reason = OutReason(*group, i);
      text +=
          fmt::format("{} ({})", group->members[i]->backend.id, reason.empty() ? "failed" : reason);
    }
  }
  return text;
}

}  // namespace gateway::routing
