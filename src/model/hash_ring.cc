#include "model/hash_ring.h"

#include <algorithm>
#include <tuple>

#include "base/stable_hash.h"

namespace gateway::model {
namespace {

// Shares then differ by about a tenth (one over the root).
constexpr std::uint64_t kPointsPerMember = 128;

}  // namespace

HashRing::HashRing(std::span<const std::string> ids) {
  points_.reserve(ids.size() * kPointsPerMember);
  for (std::uint32_t member = 0; member < ids.size(); ++member) {
    const auto hash = StableHash(ids[member]);
    for (std::uint64_t point = 0; point < kPointsPerMember; ++point) {
      points_.push_back({MixBits(hash + point * 0x9e3779b97f4a7c15ULL), member});
    }
  }
  std::ranges::sort(points_, {}, [](const Point& p) { return std::tuple(p.hash, p.member); });
}

std::size_t HashRing::First(std::uint64_t key) const {
  const auto found = std::ranges::lower_bound(points_, key, {}, &Point::hash);
  return static_cast<std::size_t>(found - points_.begin());
}

}  // namespace gateway::model
