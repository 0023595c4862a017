#include "sql/with_scope.h"

#include <algorithm>

#include "sql/hash.h"

namespace gateway::sql {
namespace {

constexpr std::size_t kFirstBuckets = 16;

}  // namespace

void WithScope::Enter(std::string_view name) {
  if (entries_.size() == buckets_.size()) Grow();
  const auto hash = HashOf(name);
  auto& bucket = BucketOf(hash);
  entries_.push_back({name, hash, bucket});
  bucket = static_cast<std::uint32_t>(entries_.size());
}

void WithScope::Leave(std::size_t size) {
  while (entries_.size() > size) {
    BucketOf(entries_.back().hash) = entries_.back().next;
    entries_.pop_back();
  }
}

bool WithScope::Contains(std::string_view name) const {
  if (entries_.empty()) return false;
  const auto hash = HashOf(name);
  for (auto at = buckets_[hash % buckets_.size()]; at != 0; at = entries_[at - 1].next) {
    if (entries_[at - 1].hash == hash && entries_[at - 1].name == name) return true;
  }
  return false;
}

void WithScope::Grow() {
  buckets_.assign(std::max(kFirstBuckets, 2 * buckets_.size()), 0);
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    auto& bucket = BucketOf(entries_[i].hash);
    entries_[i].next = bucket;
    bucket = i + 1;
  }
}

}  // namespace gateway::sql
