#include "model/policy_index.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "base/ranges.h"

namespace gateway::model {
namespace {

bool CompileConditions(const Policy& policy, CompiledPolicy& compiled) {
  for (const bool statement : {false, true}) {
    for (std::size_t i = 0; i < policy.conditions.size(); ++i) {
      if (NeedsStatement(policy.conditions[i].type) != statement) continue;
      auto condition = CompiledCondition::Compile(policy.conditions[i]);
      if (!condition) return false;
      compiled.conditions.push_back(*std::move(condition));
      compiled.declared.push_back(i);
    }
  }
  return true;
}

std::optional<CompiledPolicy> CompilePolicy(const Policy& policy) {
  CompiledPolicy compiled;
  compiled.policy = &policy;
  if (!CompileConditions(policy, compiled)) return std::nullopt;
  if (policy.rule_type == RuleType::kListeningPort) {
    const auto port = ParseDecimal(policy.rule_value);
    if (!port || *port > std::numeric_limits<std::uint16_t>::max()) return std::nullopt;
    compiled.port = static_cast<std::uint16_t>(*port);
  }
  return compiled;
}

auto RankKey(const CompiledPolicy& compiled) {
  const auto& policy = *compiled.policy;
  return std::tuple(-static_cast<std::int64_t>(policy.priority), policy.conditions.empty(),
                    -static_cast<std::int64_t>(compiled.specificity()),
                    std::string_view(policy.id));
}

using PortText = std::array<char, 8>;

std::string_view TextOf(std::uint16_t port, PortText& buffer) {
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), port).ptr;
  return {buffer.data(), end};
}

}  // namespace

// Finds for each policy the list it stands in.
struct PolicyIndex::Builder {
  // Texts of which a request must carry one for the policy to match, and where they are looked up.
  struct Key {
    Lists* lists;
    std::vector<std::string> texts;
  };

  PolicyIndex& index;
  std::map<std::pair<const Lists*, std::string>, std::size_t> demand;

  Lists& HeaderListsOf(const std::string& name) {
    const auto lower = ToLower(name);
    const auto found = std::ranges::find(index.by_header_, lower, &HeaderLists::name);
    return found->lists;
  }

  // Positions in by_header_ must not move once lists are pointed to.
  void AddHeaderNames(const CompiledPolicy& compiled) {
    for (const auto& condition : compiled.conditions) {
      if (condition.type() != ConditionType::kHeader) continue;
      const auto lower = ToLower(condition.name());
      const bool known =
          std::ranges::find(index.by_header_, lower, &HeaderLists::name) != index.by_header_.end();
      if (!known) index.by_header_.push_back({lower, {}});
    }
  }

  Lists* ListsOf(const CompiledCondition& condition) {
    if (condition.negated() || condition.texts().empty()) return nullptr;
    switch (condition.type()) {
      case ConditionType::kUser:
        return &index.users_;
      case ConditionType::kSource:
        return &index.sources_;
      case ConditionType::kRoutingGroup:
        return &index.routing_groups_;
      case ConditionType::kHeader:
        return &HeaderListsOf(condition.name());
      default:
        return nullptr;
    }
  }

  std::optional<Key> RuleKey(const CompiledPolicy& compiled) {
    const auto& value = compiled.policy->rule_value;
    PortText buffer;
    switch (compiled.policy->rule_type) {
      case RuleType::kListeningPort:
        return Key{&index.ports_, {std::string(TextOf(compiled.port, buffer))}};
      case RuleType::kHeaderHost:
        return Key{&index.hosts_, {ToLower(value)}};
      case RuleType::kHeaderClientTags:
        return Key{&index.tags_, {value}};
      case RuleType::kHeaderConnectionProperties:
        return Key{&index.properties_, {value}};
      case RuleType::kNone:
        return std::nullopt;
    }
    return std::nullopt;
  }

  std::vector<Key> KeysOf(const CompiledPolicy& compiled) {
    std::vector<Key> keys;
    for (const auto& condition : compiled.conditions) {
      if (auto* lists = ListsOf(condition)) keys.push_back({lists, condition.texts()});
    }
    if (auto rule = RuleKey(compiled)) keys.push_back(*std::move(rule));
    for (auto& key : keys) {
      const auto repeated = std::ranges::unique(key.texts);
      key.texts.erase(repeated.begin(), repeated.end());
    }
    return keys;
  }

  void CountDemand(const CompiledPolicy& compiled) {
    for (const auto& key : KeysOf(compiled)) {
      for (const auto& text : key.texts) ++demand[{key.lists, text}];
    }
  }

  // The length of the longest list that a request may find this policy in.
  std::size_t CostOf(const Key& key) const {
    std::size_t cost = 0;
    for (const auto& text : key.texts) cost = std::max(cost, demand.at({key.lists, text}));
    return cost;
  }

  void Place(Rank rank) {
    const auto keys = KeysOf(index.ranked_[rank]);
    if (keys.empty()) return index.rest_.ranks.push_back(rank);
    const auto best =
        std::ranges::min_element(keys, {}, [&](const Key& key) { return CostOf(key); });
    for (const auto& text : best->texts) {
      const auto [entry, added] = best->lists->try_emplace(text);
      if (added) entry->second.id = index.list_count_++;
      entry->second.ranks.push_back(rank);
    }
  }
};

PolicyIndex::PolicyIndex(const std::vector<Policy>& policies) {
  for (const auto& policy : policies) {
    if (!policy.enabled) continue;
    if (auto compiled = CompilePolicy(policy)) ranked_.push_back(*std::move(compiled));
  }
  std::ranges::sort(ranked_, {}, RankKey);
  Builder builder{*this, {}};
  for (const auto& compiled : ranked_) builder.AddHeaderNames(compiled);
  for (const auto& compiled : ranked_) builder.CountDemand(compiled);
  for (Rank rank = 0; rank < ranked_.size(); ++rank) builder.Place(rank);
  for (const auto& compiled : ranked_) {
    const auto& policy = *compiled.policy;
    if (policy.rule_type != RuleType::kListeningPort) continue;
    if (policy.auth_delegated) delegating_ports_.push_back(compiled.port);
    if (policy.conditions.empty() && !policy.set_request_source.empty()) {
      port_sources_.try_emplace(compiled.port, policy.set_request_source);
    }
  }
}

const PolicyIndex::List* PolicyIndex::Find(const Lists& lists, std::string_view text) {
  if (lists.empty()) return nullptr;  // spares the hash of the text
  const auto found = lists.find(text);
  return found == lists.end() ? nullptr : &found->second;
}

const PolicyIndex::List* PolicyIndex::ByPort(std::uint16_t port) const {
  PortText buffer;
  return Find(ports_, TextOf(port, buffer));
}

bool PolicyIndex::DelegatesAuth(std::uint16_t port) const {
  return Contains(delegating_ports_, port);
}

std::string_view PolicyIndex::SourceOf(std::uint16_t port) const {
  const auto found = port_sources_.find(port);
  return found == port_sources_.end() ? std::string_view() : found->second;
}

}  // namespace gateway::model
