#include "routing/explanation.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/ranges.h"
#include "routing/balancer.h"
#include "routing/policies.h"

namespace gateway::routing {
namespace {

using model::CompiledPolicy;
using model::Policy;

std::string TextOf(const model::Condition& condition) {
  return fmt::format("{}{}{}{}{}{}", condition.negated ? "not " : "", NameOf(condition.type),
                     condition.name.empty() ? "" : " ", condition.name,
                     condition.values.empty() ? "" : ": ", fmt::join(condition.values, ", "));
}

// What the request has where the rule asks for something else.
std::string Actual(model::RuleType type, const RequestFacts& facts) {
  switch (type) {
    case model::RuleType::kListeningPort:
      return fmt::format("port {}", facts.port);
    case model::RuleType::kHeaderHost:
      return fmt::format("host '{}'", facts.host);
    case model::RuleType::kHeaderClientTags:
      return fmt::format("client tags '{}'", facts.client_tags);
    case model::RuleType::kHeaderConnectionProperties:
      return fmt::format("connection properties '{}'", facts.connection_properties);
    case model::RuleType::kNone:
      return "";
  }
  return "";
}

class Explainer {
 public:
  Explainer(const RequestFacts& facts, const model::Snapshot& snapshot)
      : facts_(facts), snapshot_(snapshot), reader_(facts) {}

  std::vector<PolicyTrace> Policies() {
    std::map<const Policy*, const CompiledPolicy*> compiled;
    for (const auto& each : snapshot_.index().ranked()) compiled.emplace(each.policy, &each);
    std::vector<PolicyTrace> traces;
    for (const auto& policy : snapshot_.policies()) {
      const auto found = compiled.find(&policy);
      traces.push_back(TraceOf(policy, found == compiled.end() ? nullptr : found->second));
    }
    Decide(traces);
    return traces;
  }

  // After Policies().
  std::vector<GroupTrace> Groups(const Decided& decided, Clock::WallTime now) const {
    std::vector<GroupTrace> traces;
    if (decided.owner) return traces;
    const bool asked = decided.policies_unasked.empty();
    const std::vector<std::string_view> named(decided.named.begin(), decided.named.end());
    VisitGroups(asked ? ruling_ : Ruling{}, asked ? narrowed_ : named, snapshot_,
                [&](std::string_view id, GroupOrigin origin) {
                  if (Contains(traces, id, &GroupTrace::id)) return;
                  if (!asked && origin == GroupOrigin::kPolicy) origin = GroupOrigin::kRule;
                  traces.push_back(TraceOf(id, origin, now));
                });
    return traces;
  }

 private:
  template <typename Range, typename Value, typename Projection>
  static bool Contains(const Range& range, const Value& value, Projection projection) {
    return std::ranges::find(range, value, projection) != std::ranges::end(range);
  }

  PolicyTrace TraceOf(const Policy& policy, const CompiledPolicy* compiled) {
    PolicyTrace trace{.id = policy.id, .priority = policy.priority};
    AppendSummary(trace.summary, policy);
    if (!compiled) {
      trace.reason = "disabled";
      return trace;
    }
    for (const auto& condition : policy.conditions) {
      trace.conditions.push_back({TextOf(condition), Finding::kFails});
    }
    for (std::size_t i = 0; i < compiled->conditions.size(); ++i) {
      trace.conditions[compiled->declared[i]].finding = reader_.Ask(compiled->conditions[i]);
    }
    if (!reader_.RuleHolds(*compiled)) {
      trace.verdict = PolicyVerdict::kRuleFails;
      trace.reason = fmt::format("its rule does not match: the request has {}",
                                 Actual(policy.rule_type, facts_));
      return trace;
    }
    for (const auto wanted : {Finding::kFails, Finding::kUnknown}) {
      const auto found = std::ranges::find(trace.conditions, wanted, &ConditionTrace::finding);
      if (found == trace.conditions.end()) continue;
      const bool fails = wanted == Finding::kFails;
      trace.verdict = fails ? PolicyVerdict::kConditionFails : PolicyVerdict::kNotKnown;
      trace.reason = fmt::format("its condition '{}' {}", found->text,
                                 fails ? "does not hold" : "asks for what is not known");
      return trace;
    }
    trace.verdict = PolicyVerdict::kOutranked;  // until it turns out to decide
    return trace;
  }

  void Decide(std::vector<PolicyTrace>& traces) {
    for (const auto& compiled : snapshot_.index().ranked()) {
      const auto trace =
          std::ranges::lower_bound(traces, compiled.policy->id, {}, &PolicyTrace::id);
      if (trace->verdict != PolicyVerdict::kOutranked) continue;
      if (!matching_.empty() && matching_.front()->priority != compiled.policy->priority) break;
      matching_.push_back(compiled.policy);
    }
    ruling_ = Rule(matching_, narrowed_, led_to_);
    for (auto& trace : traces) {
      if (trace.verdict == PolicyVerdict::kOutranked) Judge(trace);
    }
  }

  void Judge(PolicyTrace& trace) const {
    const auto& first = *ruling_.deciding.front();
    const auto own = std::ranges::find(ruling_.deciding, trace.id, &Policy::id);
    if (own == ruling_.deciding.end()) {
      trace.reason = WhyOutranked(trace, first);
      return;
    }
    if (ruling_.together && !gateway::Contains(narrowed_, (*own)->group)) {
      trace.verdict = PolicyVerdict::kRuledOut;
      trace.reason = narrowed_.empty() ? "matches, but no group satisfies all that match"
                                       : fmt::format("matches, but the others lead to {} only",
                                                     fmt::join(narrowed_, ", "));
      return;
    }
    trace.verdict = PolicyVerdict::kDecides;
    trace.reason = (*own)->reject_message.empty() ? fmt::format("leads to {}", (*own)->group)
                                                  : "rejects the query";
  }

  std::string WhyOutranked(const PolicyTrace& trace, const Policy& first) const {
    if (trace.priority != first.priority) {
      return fmt::format("matches, but {} has a higher priority ({})", first.id, first.priority);
    }
    if (first.conditions.empty()) return fmt::format("matches, but {} rejects", first.id);
    const auto parts = [](const Policy& policy) {
      return policy.conditions.size() + (policy.rule_type == model::RuleType::kNone ? 0u : 1u);
    };
    const auto own = std::ranges::lower_bound(snapshot_.policies(), trace.id, {}, &Policy::id);
    if (own->conditions.empty()) {
      return fmt::format("matches, but {} has conditions and decides alone", first.id);
    }
    if (parts(*own) < parts(first)) {
      return fmt::format("matches, but {} is more specific", first.id);
    }
    return fmt::format("matches, but {} comes first by its id", first.id);
  }

  GroupTrace TraceOf(std::string_view id, GroupOrigin origin, Clock::WallTime now) const {
    GroupTrace trace{.id = std::string(id), .origin = origin};
    const auto* group = snapshot_.FindGroup(id);
    if (!group) {
      trace.reason = "not declared";
      return trace;
    }
    trace.strategy = NameOf(group->group.strategy);
    if (!group->group.enabled) trace.reason = "disabled";
    for (const auto& backend : group->group.backends) {
      trace.backends.push_back(TraceOf(*group, backend, now));
    }
    return trace;
  }

  static BackendTrace TraceOf(const model::GroupState& group,
                              const std::string& id,
                              Clock::WallTime now) {
    BackendTrace trace{.id = id};
    const auto found = std::ranges::find(
        group.members, id, [](const auto* each) -> const auto& { return each->backend.id; });
    if (found == group.members.end()) {
      trace.reason = "not declared";
      return trace;
    }
    const auto position = static_cast<std::size_t>(found - group.members.begin());
    const auto& member = **found;
    trace.load = member.status.load ? std::optional(member.Load()) : std::nullopt;
    trace.in_flight = member.InFlight();
    trace.weight = group.plan.weights[position];
    trace.share = ShareOf(group, member, now);
    trace.reason = OutReason(group, position);
    if (member.Up() && member.OverLimit()) {
      trace.reason =
          fmt::format("load {} is above its limit {}", member.Load(), member.backend.load_limit);
    }
    trace.eligible = trace.reason.empty();
    return trace;
  }

  const RequestFacts& facts_;
  const model::Snapshot& snapshot_;
  FactsReader reader_;
  std::vector<const Policy*> matching_;
  std::vector<std::string_view> narrowed_;
  std::vector<std::string_view> led_to_;
  Ruling ruling_;
};

// Copies, which do not depend on the snapshot.
void TakeActions(const GroupChoice& choice, Explanation& explanation) {
  explanation.reject_message = choice.reject_message;
  explanation.set_request_source = choice.set_request_source;
  explanation.auth_delegated = choice.auth_delegated;
  explanation.trace = choice.trace;
  for (const auto* header : choice.headers) explanation.headers.push_back(*header);
  for (const auto* policy : choice.policies) explanation.deciding.push_back(policy->id);
}

}  // namespace

std::string_view NameOf(PolicyVerdict verdict) {
  switch (verdict) {
    case PolicyVerdict::kDecides:
      return "decides";
    case PolicyVerdict::kRuledOut:
      return "ruled_out";
    case PolicyVerdict::kOutranked:
      return "outranked";
    case PolicyVerdict::kRuleFails:
      return "rule_fails";
    case PolicyVerdict::kConditionFails:
      return "condition_fails";
    case PolicyVerdict::kNotKnown:
      return "not_known";
    case PolicyVerdict::kDisabled:
      return "disabled";
  }
  return "";
}

std::string_view NameOf(Finding finding) {
  switch (finding) {
    case Finding::kHolds:
      return "holds";
    case Finding::kFails:
      return "fails";
    case Finding::kUnknown:
      return "unknown";
  }
  return "";
}

std::string_view NameOf(GroupOrigin origin) {
  switch (origin) {
    case GroupOrigin::kPolicy:
      return "policy";
    case GroupOrigin::kPolicyFallback:
      return "policy_fallback";
    case GroupOrigin::kGroupFallback:
      return "group_fallback";
    case GroupOrigin::kDefault:
      return "default";
    case GroupOrigin::kRule:
      return "rule";
  }
  return "";
}

Explanation Explain(const RequestFacts& facts,
                    const model::Snapshot& snapshot,
                    const Clock& clock,
                    Random& random) {
  GroupChoice choice;
  GroupChooser().Choose(facts, snapshot, choice);
  return Explain(facts, snapshot, Decided{choice}, clock, random);
}

Explanation Explain(const RequestFacts& facts,
                    const model::Snapshot& snapshot,
                    const Decided& decided,
                    const Clock& clock,
                    Random& random) {
  Explanation explanation;
  Explainer explainer(facts, snapshot);
  explanation.policies = explainer.Policies();
  explanation.groups = explainer.Groups(decided, clock.WallNow());
  explanation.policies_unasked = decided.policies_unasked;
  TakeActions(decided.choice, explanation);
  if (decided.owner) {
    explanation.backend = decided.owner->backend.id;
    explanation.settled = decided.settled;
    return explanation;  // in proxy mode, whatever policies say
  }
  const auto pick = Balancer(clock, random).Preview(decided.choice);
  if (!pick.backend) {
    explanation.unavailable = ExplainUnavailable(decided.choice);
    return explanation;
  }
  explanation.group = pick.group->group.id;
  explanation.backend = pick.backend->backend.id;
  explanation.mode = decided.choice.mode.value_or(pick.group->group.mode);
  return explanation;
}

}  // namespace gateway::routing
