// One function for each strategy: which of the candidates is next.
//
// `candidates` are positions in the group's members, at least one. The turn is the caller's to
// lock. Threads: as `turn`; nothing else is changed. None of them allocates, but the first turn by
// weight.
#pragma once

#include <cstdint>
#include <span>

#include "base/clock.h"
#include "base/random.h"
#include "model/snapshot.h"

namespace gateway::routing {

struct Field {
  const model::GroupState& group;
  std::span<const std::uint32_t> candidates;
  Clock::WallTime now;

  const model::BackendState& At(std::uint32_t position) const { return *group.members[position]; }
  // Does one of them not have its full share yet?
  bool Ramps() const { return now < group.ramps_until; }
};

std::uint32_t PickInTurn(const Field& field, model::GroupTurn& turn);

// `by_weight`: as often as the group's weights say; else only slow start counts.
std::uint32_t PickByWeight(const Field& field, model::GroupTurn& turn, bool by_weight);

std::uint32_t PickAtRandom(const Field& field, Random& random);

// By BackendState::Load(); for large groups of two drawn at random.
std::uint32_t PickLeastLoad(const Field& field, model::GroupTurn& turn, Random& random);

// By BackendState::InFlight().
std::uint32_t PickLeastInFlight(const Field& field, model::GroupTurn& turn);

// By the group's ring, with bounded load.
std::uint32_t PickByHash(const Field& field, std::uint64_t key);

}  // namespace gateway::routing
