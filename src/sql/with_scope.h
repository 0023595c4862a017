// The names of WITH that can be seen where the parser stands: a stack, since queries nest.
//
// Threads: not synchronised. Cost: constant for each call, also with many names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace gateway::sql {

class WithScope {
 public:
  // How many names can be seen; Leave() takes it back there.
  std::size_t size() const { return entries_.size(); }

  // `name`, in lower case, can be seen from here on. It must live until it has been left.
  void Enter(std::string_view name);
  // Forgets the names that were entered since `size` was the size.
  void Leave(std::size_t size);

  // Is `name`, in lower case, one that can be seen?
  bool Contains(std::string_view name) const;

 private:
  struct Entry {
    std::string_view name;
    std::size_t hash;
    std::uint32_t next;  // the entry before of the same bucket, from 1; 0: none
  };

  void Grow();
  std::uint32_t& BucketOf(std::size_t hash) { return buckets_[hash % buckets_.size()]; }

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> buckets_;  // newest entry of each, from 1
};

}  // namespace gateway::sql
