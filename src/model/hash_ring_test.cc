#include "model/hash_ring.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/stable_hash.h"

namespace gateway::model {
namespace {

std::vector<std::string> Ids(int count) {
  std::vector<std::string> ids;
  for (int i = 0; i < count; ++i) ids.push_back("c" + std::to_string(i));
  return ids;
}

std::uint32_t OwnerOf(const HashRing& ring, int key) {
  std::uint32_t owner = 0;
  ring.Walk(StableHash("user" + std::to_string(key)), [&](std::uint32_t member) {
    owner = member;
    return true;
  });
  return owner;
}

constexpr int kKeys = 10'000;

TEST(HashRing, GivesEachMemberItsShare) {
  const HashRing ring(Ids(5));
  std::vector<int> keys(5);
  for (int key = 0; key < kKeys; ++key) ++keys[OwnerOf(ring, key)];
  for (const int count : keys) EXPECT_NEAR(count, kKeys / 5, kKeys / 15);
}

TEST(HashRing, MovesOnlyTheKeysOfAMemberThatLeaves) {
  const HashRing before(Ids(5));
  const HashRing after(Ids(4));
  int moved = 0;
  for (int key = 0; key < kKeys; ++key) {
    const auto owner = OwnerOf(before, key);
    if (owner == 4) {
      ++moved;
    } else {
      ASSERT_EQ(OwnerOf(after, key), owner);
    }
  }
  EXPECT_GT(moved, 0);
}

TEST(HashRing, DependsOnTheIdsAndNotOnTheirOrder) {
  const HashRing ring(std::vector<std::string>{"a", "b", "c"});
  const HashRing turned(std::vector<std::string>{"c", "a", "b"});
  for (int key = 0; key < 1000; ++key) {
    ASSERT_EQ(OwnerOf(turned, key), (OwnerOf(ring, key) + 1) % 3);
  }
}

TEST(HashRing, ComesToEveryMemberAndEnds) {
  const HashRing ring(Ids(7));
  std::set<std::uint32_t> seen;
  EXPECT_FALSE(ring.Walk(~0ULL, [&](std::uint32_t member) {
    seen.insert(member);
    return false;
  }));
  EXPECT_EQ(seen.size(), 7u);
  EXPECT_FALSE(HashRing().Walk(1, [](std::uint32_t) { return true; }));
}

// Instances of different versions must agree: these numbers may never change.
TEST(StableHash, IsTheSameEverywhere) {
  EXPECT_EQ(StableHash(""), 0xefd01f60ba992926ULL);
  EXPECT_EQ(StableHash("alice"), 3821251815001557236ULL);
}

}  // namespace
}  // namespace gateway::model
