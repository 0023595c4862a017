// A consistent ring: which member of a group a key belongs to, and who comes next.
//
// Each member has many points on a ring of hashes; a key belongs to the member of the first point
// at or after its own hash. A member that joins or leaves moves only the keys of its own points.
// All instances of the gateway agree, since the hash is the same everywhere.
// Threads: immutable; any thread. Memory: 2 KiB a member.
// Source: Karger et al., "Consistent hashing and random trees" (1997).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gateway::model {

class HashRing {
 public:
  HashRing() = default;
  // A member is its position in `ids`.
  explicit HashRing(std::span<const std::string> ids);

  // Calls `visit(member)` along the ring from `key` on, until it returns true or all points were
  // seen. A member comes up many times. Returns whether a visit returned true.
  template <typename Visit>
  bool Walk(std::uint64_t key, Visit visit) const {
    const auto start = First(key);
    for (std::size_t i = 0; i < points_.size(); ++i) {
      if (visit(points_[(start + i) % points_.size()].member)) return true;
    }
    return false;
  }

 private:
  struct Point {
    std::uint64_t hash;
    std::uint32_t member;
  };

  std::size_t First(std::uint64_t key) const;

  std::vector<Point> points_;  // ordered by hash
};

}  // namespace gateway::model
