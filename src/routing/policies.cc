#include "routing/policies.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "base/ranges.h"
#include "base/strings.h"

namespace gateway::routing {
namespace {

using model::Policy;
using model::RuleType;

std::string_view WithoutPort(std::string_view host) {
  const auto colon = host.rfind(':');
  if (colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos) {
    return host;
  }
  return host.substr(0, colon);
}

bool MatchesTags(std::string_view header, std::string_view value) {
  if (header == value) return true;
  return Contains(SplitList(header), value);
}

bool Matches(const Policy& policy, const RequestFacts& facts) {
  const std::string_view value = policy.rule_value;
  switch (policy.rule_type) {
    case RuleType::kListeningPort:
      return ParseDecimal(value) == facts.port;
    case RuleType::kHeaderHost:
      return EqualsIgnoreCase(facts.host, value) ||
             EqualsIgnoreCase(WithoutPort(facts.host), value);
    case RuleType::kHeaderClientTags:
      return MatchesTags(facts.client_tags, value);
    case RuleType::kHeaderConnectionProperties:
      return facts.connection_properties == value;
    case RuleType::kNone:
      return false;  // conditions are not looked at yet
  }
  return false;
}

// Keeps, of `groups`, those that a matching policy of this dimension leads to.
void Narrow(std::optional<std::vector<std::string_view>>& groups,
            const std::vector<const Policy*>& matching,
            RuleType dimension) {
  std::vector<std::string_view> led_to;
  for (const auto* policy : matching) {
    if (policy->rule_type == dimension) led_to.push_back(policy->group);
  }
  if (led_to.empty()) return;
  if (!groups) {
    std::ranges::sort(led_to);
    led_to.erase(std::ranges::unique(led_to).begin(), led_to.end());
    groups = std::move(led_to);
    return;
  }
  std::erase_if(*groups, [&](std::string_view group) { return !Contains(led_to, group); });
}

class ChoiceBuilder {
 public:
  explicit ChoiceBuilder(const model::Snapshot& snapshot) : snapshot_(snapshot) {}

  void Add(std::string_view id) {
    const auto* group = snapshot_.FindGroup(id);
    if (!group || !group->group.enabled || Contains(choice.groups, group)) return;
    choice.groups.push_back(group);
  }

  void Note(std::string_view text) {
    if (!choice.trace.empty()) choice.trace += "; ";
    choice.trace += text;
  }

  GroupChoice choice;

 private:
  const model::Snapshot& snapshot_;
};

}  // namespace

GroupChoice ChooseGroups(const RequestFacts& facts, const model::Snapshot& snapshot) {
  std::vector<const Policy*> matching;
  ChoiceBuilder builder(snapshot);
  for (const auto& policy : snapshot.policies()) {
    if (!policy.enabled || !Matches(policy, facts)) continue;
    matching.push_back(&policy);
    builder.Note(fmt::format("policy {} ({}={}) -> {}", policy.id, NameOf(policy.rule_type),
                             policy.rule_value, policy.group));
  }

  std::optional<std::vector<std::string_view>> groups;
  for (const auto dimension :
       {RuleType::kListeningPort, RuleType::kHeaderHost, RuleType::kHeaderClientTags,
        RuleType::kHeaderConnectionProperties}) {
    Narrow(groups, matching, dimension);
  }
  if (groups) {
    if (groups->empty()) builder.Note("no group satisfies all of them");
    for (const auto group : *groups) builder.Add(group);
    for (const auto* policy : matching) {
      if (!policy->fallback_group.empty() && Contains(*groups, policy->group)) {
        builder.Add(policy->fallback_group);
      }
    }
  }
  builder.Add(snapshot.default_group());
  builder.Note(fmt::format("default {}", snapshot.default_group()));
  return std::move(builder.choice);
}

}  // namespace gateway::routing
