#include "routing/ruling.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

namespace gateway::routing {
namespace {

using model::Policy;
using model::RuleType;

constexpr std::array kDimensions = {RuleType::kListeningPort, RuleType::kHeaderHost,
                                    RuleType::kHeaderClientTags,
                                    RuleType::kHeaderConnectionProperties};

// Keeps, of `groups`, those that a policy of this dimension leads to; all of them at first.
bool Narrow(std::vector<std::string_view>& groups,
            std::vector<std::string_view>& led_to,
            std::span<const Policy* const> matching,
            RuleType dimension,
            bool first) {
  led_to.clear();
  for (const auto* policy : matching) {
    if (policy->rule_type == dimension) led_to.push_back(policy->group);
  }
  if (led_to.empty()) return false;
  if (first) {
    std::ranges::sort(led_to);
    const auto repeated = std::ranges::unique(led_to);
    groups.assign(led_to.begin(), repeated.begin());
  } else {
    std::erase_if(groups, [&](std::string_view group) { return !Contains(led_to, group); });
  }
  return true;
}

void VisitFallbacks(std::string_view id,
                    const model::Snapshot& snapshot,
                    FunctionRef<void(std::string_view, GroupOrigin)> visit) {
  const auto* group = snapshot.FindGroup(id);
  if (!group) return;
  for (const auto& fallback : group->group.fallback_groups) {
    visit(fallback, GroupOrigin::kGroupFallback);
  }
}

}  // namespace

void AppendSummary(std::string& text, const Policy& policy) {
  if (policy.rule_type != RuleType::kNone) {
    text.append(NameOf(policy.rule_type)).append("=").append(policy.rule_value);
    if (!policy.conditions.empty()) text.append(", ");
  }
  const auto count = policy.conditions.size();
  if (count == 0) return;
  fmt::format_to(std::back_inserter(text), "{} condition{}", count, count == 1 ? "" : "s");
}

Ruling Rule(std::span<const Policy* const> matching,
            std::vector<std::string_view>& narrowed,
            std::vector<std::string_view>& led_to) {
  narrowed.clear();
  if (matching.empty()) return {};
  const auto alone = [&](std::size_t position) {
    const auto* policy = matching[position];
    if (!policy->group.empty()) narrowed.push_back(policy->group);
    return Ruling{matching.subspan(position, 1), false};
  };
  if (!matching.front()->conditions.empty()) return alone(0);
  const auto rejecting = std::ranges::find_if(
      matching, [](const auto* policy) { return !policy->reject_message.empty(); });
  if (rejecting != matching.end()) {
    return alone(static_cast<std::size_t>(rejecting - matching.begin()));
  }
  bool first = true;
  for (const auto dimension : kDimensions) {
    if (Narrow(narrowed, led_to, matching, dimension, first)) first = false;
  }
  return {matching, true};
}

void VisitGroups(const Ruling& ruling,
                 std::span<const std::string_view> narrowed,
                 const model::Snapshot& snapshot,
                 FunctionRef<void(std::string_view, GroupOrigin)> visit) {
  for (const auto group : narrowed) visit(group, GroupOrigin::kPolicy);
  for (const auto* policy : ruling.deciding) {
    // Of policies that decide together, those whose group the others ruled out have no say.
    if (!policy->group.empty() && !Contains(narrowed, policy->group)) continue;
    if (!policy->fallback_group.empty()) {
      visit(policy->fallback_group, GroupOrigin::kPolicyFallback);
    }
    for (const auto& id : policy->more_fallback_groups) visit(id, GroupOrigin::kPolicyFallback);
  }
  for (const auto group : narrowed) VisitFallbacks(group, snapshot, visit);
  if (snapshot.default_group().empty()) return;
  visit(snapshot.default_group(), GroupOrigin::kDefault);
  VisitFallbacks(snapshot.default_group(), snapshot, visit);
}

}  // namespace gateway::routing
