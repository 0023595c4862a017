// Memory for names: pieces of text that live until the next Reset().
//
// Threads: not synchronised. Memory: one block is kept over a Reset(), so that the names of common
// statements are stored without an allocation.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace gateway::sql {

class Arena {
 public:
  // `size` bytes that stay where they are until Reset(), also when the arena is moved.
  char* Allocate(std::size_t size) {
    if (blocks_.empty() || capacity_ - used_ < size) Grow(size);
    char* const begin = blocks_.back().get() + used_;
    used_ += size;
    return begin;
  }

  void Reset() {
    if (blocks_.size() > 1 || capacity_ > kBlock) {
      blocks_.clear();
      capacity_ = 0;
    }
    used_ = 0;
  }

 private:
  static constexpr std::size_t kBlock = 4096;

  void Grow(std::size_t size) {
    const auto capacity = std::max(size, blocks_.empty() ? kBlock : 16 * kBlock);
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(capacity));
    capacity_ = capacity;
    used_ = 0;
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t capacity_ = 0;  // of the last block
  std::size_t used_ = 0;      // of the last block
};

}  // namespace gateway::sql
