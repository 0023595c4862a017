#include "routing/strategies.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>

#include "routing/balancer.h"

namespace gateway::routing {
namespace {

using model::BackendState;
using model::GroupTurn;

// Weights are whole numbers; a share of one unit is the least step of a slow start.
constexpr std::int64_t kWeightUnit = 1024;
// Above this many, looking at all of them costs more than the better choice is worth.
constexpr std::size_t kLargeGroup = 16;
// How far above the average a member of a hash group may be.
constexpr double kLoadBound = 1.25;
constexpr double kDrawScale = 0x1p-64;

double Share(const Field& field, std::uint32_t position) {
  return field.Ramps() ? ShareOf(field.group, field.At(position), field.now) : 1;
}

std::int64_t Weight(const Field& field, std::uint32_t position, bool by_weight) {
  const auto weight = (by_weight ? field.group.plan.weights[position] : 1) * kWeightUnit;
  if (!field.Ramps()) return weight;
  const auto scaled = static_cast<double>(weight) * Share(field, position);
  return std::max<std::int64_t>(1, std::llround(scaled));
}

// The one with the smallest cost; ties in turn.
template <typename CostOf>
std::uint32_t Cheapest(const Field& field, GroupTurn& turn, CostOf cost_of) {
  double lowest = std::numeric_limits<double>::infinity();
  std::uint64_t ties = 0;
  for (const auto candidate : field.candidates) {
    const double cost = cost_of(candidate);
    if (cost > lowest) continue;
    ties = cost < lowest ? 1 : ties + 1;
    lowest = cost;
  }
  // Costs may rise meanwhile, as other groups pick the same backends: the last tie is as good.
  auto left = turn.next++ % std::max<std::uint64_t>(ties, 1);
  auto best = field.candidates.front();
  for (const auto candidate : field.candidates) {
    if (cost_of(candidate) > lowest) continue;
    best = candidate;
    if (left-- == 0) break;
  }
  return best;
}

double LoadCost(const Field& field, std::uint32_t position) {
  return (field.At(position).Load() + 1) / Share(field, position);
}

// Exchanges that a member may have in flight before its keys go on to the next one.
class LoadBound {
 public:
  explicit LoadBound(const Field& field) : field_(field) {
    double in_flight = 1;  // the one to be placed
    double shares = 0;
    for (const auto candidate : field.candidates) {
      in_flight += static_cast<double>(field.At(candidate).InFlight());
      shares += Share(field, candidate);
    }
    per_share_ = kLoadBound * in_flight / shares;
  }

  bool Allows(std::uint32_t position) const {
    const auto bound = std::ceil(per_share_ * Share(field_, position));
    return static_cast<double>(field_.At(position).InFlight()) < bound;
  }

 private:
  const Field& field_;
  double per_share_ = 0;
};

}  // namespace

std::uint32_t PickInTurn(const Field& field, GroupTurn& turn) {
  if (field.Ramps()) return PickByWeight(field, turn, false);
  return field.candidates[turn.next++ % field.candidates.size()];
}

std::uint32_t PickByWeight(const Field& field, GroupTurn& turn, bool by_weight) {
  if (turn.layout != field.group.plan.layout || turn.credits.size() != field.group.members.size()) {
    turn.credits.assign(field.group.members.size(), 0);
    turn.layout = field.group.plan.layout;
  }
  std::int64_t total = 0;
  auto best = field.candidates.front();
  for (const auto candidate : field.candidates) {
    const auto weight = Weight(field, candidate, by_weight);
    total += weight;
    turn.credits[candidate] += weight;
    if (turn.credits[candidate] > turn.credits[best]) best = candidate;
  }
  turn.credits[best] -= total;
  return best;
}

std::uint32_t PickAtRandom(const Field& field, Random& random) {
  if (!field.Ramps()) return field.candidates[random.Below(field.candidates.size())];
  double shares = 0;
  for (const auto candidate : field.candidates) shares += Share(field, candidate);
  double left = static_cast<double>(random.Next()) * kDrawScale * shares;
  for (const auto candidate : field.candidates) {
    left -= Share(field, candidate);
    if (left < 0) return candidate;
  }
  return field.candidates.back();
}

std::uint32_t PickLeastLoad(const Field& field, GroupTurn& turn, Random& random) {
  const auto cost = [&](std::uint32_t position) { return LoadCost(field, position); };
  const auto count = field.candidates.size();
  if (count <= kLargeGroup) return Cheapest(field, turn, cost);
  const auto first = random.Below(count);
  const auto other = (first + 1 + random.Below(count - 1)) % count;
  const auto a = field.candidates[first];
  const auto b = field.candidates[other];
  return cost(b) < cost(a) ? b : a;
}

std::uint32_t PickLeastInFlight(const Field& field, GroupTurn& turn) {
  return Cheapest(field, turn, [&](std::uint32_t position) {
    return (static_cast<double>(field.At(position).InFlight()) + 1) / Share(field, position);
  });
}

std::uint32_t PickByHash(const Field& field, std::uint64_t key) {
  // Members come up many times, and the sum over all is only needed once one is busy.
  std::optional<LoadBound> bound;
  auto picked = field.candidates.front();
  field.group.plan.ring.Walk(key, [&](std::uint32_t member) {
    if (!std::ranges::binary_search(field.candidates, member)) return false;
    if (field.At(member).InFlight() > 0) {
      if (!bound) bound.emplace(field);
      if (!bound->Allows(member)) return false;
    }
    picked = member;
    return true;
  });
  return picked;
}

}  // namespace gateway::routing
