#include "routing/policies.h"

#include <algorithm>

#include "base/ranges.h"
#include "base/strings.h"

namespace gateway::routing {
namespace {

using model::Policy;
using model::PolicyIndex;

// Fills a GroupChoice in the order of its parts.
class ChoiceBuilder {
 public:
  ChoiceBuilder(const model::Snapshot& snapshot, GroupChoice& choice)
      : snapshot_(snapshot), choice_(choice) {
    choice_.groups.clear();
    choice_.trace.clear();
    choice_.policies.clear();
    choice_.headers.clear();
    choice_.reject_message = {};
    choice_.set_request_source = {};
    choice_.mode.reset();
    choice_.keys.fill(std::nullopt);
  }

  void AddGroup(std::string_view id) {
    const auto* group = snapshot_.FindGroup(id);
    if (!group || !group->group.enabled || Contains(choice_.groups, group)) return;
    choice_.groups.push_back(group);
  }

  void ApplyActions(const Policy& policy) {
    choice_.policies.push_back(&policy);
    for (const auto& action : policy.headers) choice_.headers.push_back(&action);
    if (choice_.reject_message.empty()) choice_.reject_message = policy.reject_message;
    if (choice_.set_request_source.empty()) {
      choice_.set_request_source = policy.set_request_source;
    }
    if (!choice_.mode) choice_.mode = policy.mode;
  }

  void Note(const Policy& policy) {
    Separate();
    choice_.trace.append("policy ").append(policy.id).append(" (");
    AppendSummary(choice_.trace, policy);
    if (policy.reject_message.empty()) {
      choice_.trace.append(") -> ").append(policy.group);
    } else {
      choice_.trace.append(") rejects");
    }
  }

  void Note(std::string_view text, std::string_view rest = {}) {
    Separate();
    choice_.trace.append(text).append(rest);
  }

  // The system that users come from sets the source by the port alone.
  void SourceFrom(std::uint16_t port) {
    if (!choice_.set_request_source.empty()) return;
    choice_.set_request_source = snapshot_.index().SourceOf(port);
  }

  // A later page tells the id of a transaction, and only the gateway can add to it whose it is:
  // that page must not go past it.
  void KeepTransaction(FactsReader& reader) {
    if (!MayGoDirect()) return;
    const auto* query = reader.Query();
    if (!query || query->type != kStartTransaction) return;
    choice_.mode = model::Mode::kProxy;
    Note("starts a transaction: mode proxy");
  }

  void HashFor(FactsReader& reader) {
    for (const auto* group : choice_.groups) {
      if (group->group.strategy != model::Strategy::kHash) continue;
      auto& key = choice_.keys[static_cast<std::size_t>(group->group.hash_key)];
      if (!key) key = reader.HashOf(group->group.hash_key);
    }
  }

 private:
  bool MayGoDirect() const {
    if (choice_.mode) return *choice_.mode == model::Mode::kDirect;
    return std::ranges::any_of(choice_.groups, [](const model::GroupState* group) {
      return group->group.mode == model::Mode::kDirect;
    });
  }

  void Separate() {
    if (!choice_.trace.empty()) choice_.trace.append("; ");
  }

  const model::Snapshot& snapshot_;
  GroupChoice& choice_;
};

}  // namespace

void GroupChooser::Choose(const RequestFacts& facts,
                          const model::Snapshot& snapshot,
                          GroupChoice& choice) {
  FactsReader reader(facts);
  CollectCandidates(facts, snapshot.index());
  FindMatching(reader, snapshot.index());
  const auto ruling = Rule(matching_, narrowed_, led_to_);

  ChoiceBuilder builder(snapshot, choice);
  choice.auth_delegated = snapshot.index().DelegatesAuth(facts.port);
  for (const auto* policy : ruling.deciding) {
    builder.Note(*policy);
    builder.ApplyActions(*policy);
  }
  if (ruling.together && narrowed_.empty()) builder.Note("no group satisfies all of them");
  VisitGroups(ruling, narrowed_, snapshot,
              [&](std::string_view id, GroupOrigin) { builder.AddGroup(id); });
  builder.Note("default ", snapshot.default_group());
  builder.SourceFrom(facts.port);
  builder.KeepTransaction(reader);
  builder.HashFor(reader);
}

void GroupChooser::ChooseNamed(const RequestFacts& facts,
                               const model::Snapshot& snapshot,
                               std::span<const std::string> ids,
                               std::string_view why,
                               GroupChoice& choice) {
  FactsReader reader(facts);
  ChoiceBuilder builder(snapshot, choice);
  choice.auth_delegated = snapshot.index().DelegatesAuth(facts.port);
  builder.Note(why);
  narrowed_.assign(ids.begin(), ids.end());
  VisitGroups({}, narrowed_, snapshot,
              [&](std::string_view id, GroupOrigin) { builder.AddGroup(id); });
  builder.Note("default ", snapshot.default_group());
  builder.SourceFrom(facts.port);
  builder.KeepTransaction(reader);
  builder.HashFor(reader);
}

void GroupChooser::CollectCandidates(const RequestFacts& facts, const PolicyIndex& index) {
  candidates_.clear();
  if (seen_in_.size() < index.list_count()) seen_in_.resize(index.list_count());
  if (++decision_ == 0) {
    std::ranges::fill(seen_in_, 0);
    decision_ = 1;
  }
  Collect(&index.rest());
  Collect(index.ByPort(facts.port));
  Collect(index.ByUser(facts.user));
  Collect(index.BySource(facts.source));
  Collect(index.ByRoutingGroup(facts.routing_group));
  Collect(index.ByProperties(facts.connection_properties));
  if (!facts.host.empty() && index.has_hosts()) {
    host_.assign(facts.host);
    LowerInPlace(host_);
    Collect(index.ByHost(host_));
    Collect(index.ByHost(WithoutPort(host_)));
  }
  if (!facts.client_tags.empty()) {
    Collect(index.ByTag(facts.client_tags));
    ForEachElement(facts.client_tags, ',',
                   [&](std::string_view tag) { Collect(index.ByTag(tag)); });
  }
  if (!facts.any_header) return;
  for (const auto& header : index.by_header()) {
    facts.any_header(header.name, [&](std::string_view value) {
      Collect(PolicyIndex::Find(header.lists, value));
      return false;
    });
  }
}

void GroupChooser::Collect(const PolicyIndex::List* list) {
  if (!list || list->ranks.empty() || seen_in_[list->id] == decision_) return;
  seen_in_[list->id] = decision_;
  candidates_.push_back({list->ranks.data(), list->ranks.data() + list->ranks.size()});
}

// Goes through the candidates in the order of their ranks, so that nothing is asked of a request
// (its statement, above all) for the sake of a policy that could not decide any more.
void GroupChooser::FindMatching(FactsReader& reader, const PolicyIndex& index) {
  const auto later = [](const Candidates& a, const Candidates& b) { return *a.next > *b.next; };
  matching_.clear();
  last_considered_ = static_cast<Rank>(index.ranked().size());
  std::ranges::make_heap(candidates_, later);
  while (!candidates_.empty()) {
    std::ranges::pop_heap(candidates_, later);
    auto& first = candidates_.back();
    const auto* other = candidates_.size() > 1 ? candidates_.front().next : nullptr;
    while (first.next != first.end && (!other || *first.next <= *other)) {
      if (!Consider(*first.next++, reader, index)) return;
    }
    if (first.next == first.end) {
      candidates_.pop_back();
    } else {
      std::ranges::push_heap(candidates_, later);
    }
  }
}

// False: no policy of a later rank can decide.
bool GroupChooser::Consider(Rank rank, FactsReader& reader, const PolicyIndex& index) {
  // A policy with several values may be in several of the lists.
  if (rank == last_considered_) return true;
  last_considered_ = rank;
  const auto& candidate = index.At(rank);
  if (!matching_.empty() && candidate.policy->priority < matching_.front()->priority) return false;
  if (!reader.Matches(candidate)) return true;
  matching_.push_back(candidate.policy);
  return candidate.conditions.empty();
}

}  // namespace gateway::routing
