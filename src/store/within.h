// How much of a list goes together: into a statement, a transaction, a page.
//
// Bounded by number and by bytes, as a thousand records may be a hundred kilobytes or a gigabyte.
// Threads: pure function. Private to this room.
#pragma once

#include <cstddef>
#include <functional>
#include <ranges>

namespace gateway::store {

// How many of the first items: at most `most`, of at most `max_bytes` together, but one always.
// `bytes_of(item)`: how large it is; without it the items are sizes. 0: there are none.
template <std::ranges::sized_range Items, typename BytesOf = std::identity>
std::size_t CountWithin(const Items& items,
                        std::size_t most,
                        std::size_t max_bytes,
                        BytesOf bytes_of = {}) {
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (const auto& item : items) {
    bytes += bytes_of(item);
    if (count == most || (count > 0 && bytes > max_bytes)) break;
    ++count;
  }
  return count;
}

}  // namespace gateway::store
