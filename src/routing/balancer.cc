#include "routing/balancer.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace gateway::routing {
namespace {

using Members = std::vector<const model::BackendState*>;

Members EligibleMembers(const model::GroupState& group,
                        std::span<const model::BackendState* const> excluded) {
  Members members;
  for (const auto* member : group.members) {
    if (member->Eligible() && std::ranges::find(excluded, member) == excluded.end()) {
      members.push_back(member);
    }
  }
  return members;
}

// The members with the smallest load, in their order.
Members LeastLoaded(const Members& members) {
  Members least;
  double smallest = 0;
  for (const auto* member : members) {
    const auto load = member->Load();
    if (least.empty() || load < smallest) {
      least.clear();
      smallest = load;
    }
    if (load == smallest) least.push_back(member);
  }
  return least;
}

const model::BackendState* PickFrom(const model::GroupState& group,
                                    const Members& members,
                                    Random& random) {
  const auto count = [](const model::BackendState* picked) {
    picked->counters->submissions.fetch_add(1, std::memory_order_relaxed);
    return picked;
  };
  if (group.group.strategy == model::Strategy::kRandom) {
    return count(members[random.Below(members.size())]);
  }
  const std::lock_guard lock(group.cursor->mutex);
  if (group.group.strategy == model::Strategy::kRoundRobin) {
    return count(members[group.cursor->next++ % members.size()]);
  }
  const auto least = LeastLoaded(members);
  return count(least[group.cursor->next++ % least.size()]);
}

}  // namespace

Pick PickBackend(const GroupChoice& choice,
                 std::span<const model::BackendState* const> excluded,
                 Random& random) {
  for (const auto* group : choice.groups) {
    const auto members = EligibleMembers(*group, excluded);
    if (!members.empty()) return {group, PickFrom(*group, members, random)};
  }
  return {};
}

std::string ExplainUnavailable(const GroupChoice& choice) {
  if (choice.groups.empty()) return "no enabled group is configured for it";
  std::string text;
  for (const auto* group : choice.groups) {
    if (!text.empty()) text += "; ";
    text += group->group.id;
    text += ": ";
    if (group->members.empty()) text += "no backends";
    for (const auto* member : group->members) {
      if (member != group->members.front()) text += ", ";
      text += fmt::format("{} ({})", member->backend.id,
                          member->Eligible() ? "failed" : member->IneligibleReason());
    }
  }
  return text;
}

}  // namespace gateway::routing
