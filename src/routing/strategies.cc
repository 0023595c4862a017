#include "routing/strategies.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>

#include "routing/balancer.h"

namespace gateway::routing {
namespace {

using model::GroupTurn;

// Weights are whole numbers; a share of one unit is the least step of a slow start.
constexpr std::int64_t kWeightUnit = 1024;
// Above this many, looking at all of them costs more than the better choice is worth.
constexpr std::size_t kLargeGroup = 16;
// How far above the average a member of a hash group may be.
constexpr double kLoadBound = 1.25;
// Of a member without load; a cost is a load and one, by the member's share.
constexpr double kIdleCost = 1;
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

// The one with the smallest cost. Ties in turn: the search begins behind the last one picked.
template <typename CostOf>
std::uint32_t Cheapest(const Field& field, GroupTurn& turn, CostOf cost_of) {
  const auto count = field.candidates.size();
  auto index = static_cast<std::size_t>(turn.next % count);
  auto best = index;
  double lowest = std::numeric_limits<double>::infinity();
  // What is idle and takes its whole share cannot be beaten.
  for (std::size_t left = count; left > 0 && lowest > kIdleCost; --left) {
    const double cost = cost_of(field.candidates[index]);
    if (cost < lowest) {
      lowest = cost;
      best = index;
    }
    index = index + 1 == count ? 0 : index + 1;
  }
  turn.next = best + 1;
  return field.candidates[best];
}

// The highest load that is known of a candidate; 0 where none is.
double WorstLoad(const Field& field) {
  double worst = 0;
  for (const auto candidate : field.candidates) {
    const auto& member = field.At(candidate);
    if (member.status.load) worst = std::max(worst, member.Load());
  }
  return worst;
}

bool IsLoadUnknown(const Field& field, std::uint32_t position) {
  return !field.At(position).status.load;
}

// A member of whose load nothing is known may be the busiest of all, and what goes through the
// gateway comes on top: otherwise a cluster that hides its load would get everything.
double LoadCost(const Field& field, std::uint32_t position, double worst) {
  const double hidden = IsLoadUnknown(field, position) ? worst : 0;
  return (hidden + field.At(position).Load() + kIdleCost) / Share(field, position);
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
  double worst = 0;
  const auto cost = [&](std::uint32_t position) { return LoadCost(field, position, worst); };
  const auto unknown = [&](std::uint32_t position) { return IsLoadUnknown(field, position); };
  const auto count = field.candidates.size();
  if (count <= kLargeGroup) {
    if (std::ranges::any_of(field.candidates, unknown)) worst = WorstLoad(field);
    return Cheapest(field, turn, cost);
  }
  const auto first = random.Below(count);
  const auto other = (first + 1 + random.Below(count - 1)) % count;
  const auto a = field.candidates[first];
  const auto b = field.candidates[other];
  if (unknown(a) || unknown(b)) worst = WorstLoad(field);
  return cost(b) < cost(a) ? b : a;
}

std::uint32_t PickLeastInFlight(const Field& field, GroupTurn& turn) {
  return Cheapest(field, turn, [&](std::uint32_t position) {
    return (static_cast<double>(field.At(position).InFlight()) + kIdleCost) /
           Share(field, position);
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
