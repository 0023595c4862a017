// Policies: from the facts of a request to the groups that may take it. docs/routing.md tells the
// rule with examples; in short:
//
// Of the policies that match, only those of the highest priority count. If one of them has
// conditions, the most specific such policy (conditions, plus one for a rule; among equals the
// first id) decides alone. If none has, the first one that rejects does; else each of the four
// dimensions (port, host, tags, connection properties) in which one of them matches narrows the
// groups to those of its policies, and all of them decide together.
// Then the order in which groups are tried: the deciding policies' groups by id, the fallback
// groups of those policies, the groups' own fallback groups, the default group and its own.
// Disabled and unknown groups are left out.
// Host matches with and without the port, case-insensitively; tags match as a set and as a whole.
// (The system that users come from: same dimensions and intersection; fallback_group was never
// read there, and host never matched.)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/snapshot.h"
#include "routing/decision.h"
#include "routing/facts_reader.h"
#include "routing/ruling.h"

namespace gateway::routing {

// Threads: belongs to one. Memory: keeps its scratch, so that a decision does not allocate once
// `choice` and this have grown to what the configuration needs.
class GroupChooser {
 public:
  // Overwrites `choice`.
  void Choose(const RequestFacts& facts, const model::Snapshot& snapshot, GroupChoice& choice);

  // The same for groups that something else than policies chose (rules, say), best first: those of
  // `ids` that are there and enabled, their own fallback groups, the default group and its own.
  // `why` begins the trace.
  void ChooseNamed(const RequestFacts& facts,
                   const model::Snapshot& snapshot,
                   std::span<const std::string> ids,
                   std::string_view why,
                   GroupChoice& choice);

 private:
  using Rank = model::PolicyIndex::Rank;

  // A list of policies that the request may match, and how far it was gone through.
  struct Candidates {
    const Rank* next;
    const Rank* end;
  };

  void CollectCandidates(const RequestFacts& facts, const model::PolicyIndex& index);
  void Collect(const model::PolicyIndex::List* list);
  void FindMatching(FactsReader& reader, const model::PolicyIndex& index);
  bool Consider(Rank rank, FactsReader& reader, const model::PolicyIndex& index);

  std::vector<Candidates> candidates_;  // a heap, the lowest rank first
  std::vector<std::uint32_t> seen_in_;  // by list: the decision that collected it last
  std::uint32_t decision_ = 0;
  std::string host_;
  Rank last_considered_ = 0;
  std::vector<const model::Policy*> matching_;
  std::vector<std::string_view> narrowed_;
  std::vector<std::string_view> led_to_;
};

}  // namespace gateway::routing
