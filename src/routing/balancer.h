// From the groups of a decision to one backend.
//
// The first group with an eligible backend that was not tried already decides, by its strategy:
//   round_robin           in turn
//   weighted_round_robin  in turn, evenly spread, as often as the weights say (smooth: a 5 and a 1
//                         give aaabaa, not aaaaab; weight 0: none)
//   random                uniform
//   least_load            the smallest BackendState::Load(), ties in turn; in groups of more than
//                         16 the better of two drawn at random
//   least_in_flight       the smallest BackendState::InFlight(), ties in turn
//   hash                  the owner of the key on the group's ring, or the next one there whose
//                         exchanges in flight are below 1.25 times the average
// With a slow start, the share of a backend that recovered grows with time, from a twentieth, in
// every strategy.
//
// Exact over all workers: the turn of a group is shared and its lock is held for the pick alone. A
// submission is counted with the pick, so that two simultaneous picks do not land on one backend.
// Threads: a Balancer belongs to one. Does not allocate, but when a backend is excluded or has a
// load limit, until its scratch has grown.
// Sources: smooth weights as in nginx; Mirrokni et al., "Consistent Hashing with Bounded Loads"
// (2016); Mitzenmacher, "The Power of Two Choices" (2001).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "model/snapshot.h"
#include "routing/decision.h"

namespace gateway::routing {

struct Pick {
  const model::GroupState* group = nullptr;
  const model::BackendState* backend = nullptr;  // null: no eligible backend in any group
};

class Balancer {
 public:
  // Both must outlive the balancer.
  Balancer(const Clock& clock, Random& random) : clock_(clock), random_(random) {}

  // `excluded`: those that were tried already. Adds one to the backend's `submissions`.
  Pick Choose(const GroupChoice& choice, std::span<const model::BackendState* const> excluded);

  // Any eligible backend of the first group that has one, at random: for what is no statement, and
  // so must neither take the turn of one nor count as one.
  Pick ChooseAny(const GroupChoice& choice, std::span<const model::BackendState* const> excluded);

  // Would Choose() and ChooseAny() find one now? Changes nothing.
  bool HasAny(const GroupChoice& choice, std::span<const model::BackendState* const> excluded);

  // What Choose() would return now; changes nothing. With strategies that draw at random the next
  // Choose() may well differ.
  Pick Preview(const GroupChoice& choice);

 private:
  std::span<const std::uint32_t> CandidatesOf(const model::GroupState& group,
                                              std::span<const model::BackendState* const> excluded);
  const model::BackendState* PickFrom(const model::GroupState& group,
                                      std::span<const std::uint32_t> candidates,
                                      const GroupChoice& choice,
                                      model::GroupTurn& turn);

  const Clock& clock_;
  Random& random_;
  std::vector<std::uint32_t> candidates_;
};

// The share of its load that a member of `group` takes now: 1, or less while it starts slowly.
double ShareOf(const model::GroupState& group,
               const model::BackendState& member,
               Clock::WallTime now);

// Why the member at `position` takes no new queries of this group; empty: it does.
std::string_view OutReason(const model::GroupState& group, std::size_t position);

// Why nothing could be picked: "adhoc: c1 (connect refused), c2 (disabled)". For the error answer
// and the log.
std::string ExplainUnavailable(const GroupChoice& choice);

}  // namespace gateway::routing
