// Values that are known for a while: bounded in number and in time.
//
// An entry's end is fixed when it is put in, however often it is read; when the cache is full, the
// entry that was not read for the longest goes. Threads: not synchronised.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "base/strings.h"

namespace gateway {

template <typename Value>
class ExpiringCache {
 public:
  // `capacity` 0: nothing is kept.
  explicit ExpiringCache(std::size_t capacity) : capacity_(capacity) {}

  // Null when there is none, or it is over at `now`. Holds until the next call of anything.
  const Value* Find(std::string_view key, Clock::TimePoint now) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    const auto entry = found->second;
    if (entry->until <= now) {
      Erase(entry);
      return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, entry);
    return &entry->value;
  }

  // Known from now to `until`. Replaces what was there.
  void Put(std::string key, Value value, Clock::TimePoint until) {
    if (const auto found = index_.find(key); found != index_.end()) Erase(found->second);
    if (capacity_ == 0) return;
    if (entries_.size() == capacity_) Erase(std::prev(entries_.end()));
    entries_.push_front({std::move(key), std::move(value), until});
    index_.emplace(entries_.front().key, entries_.begin());
  }

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    Value value;
    Clock::TimePoint until;
  };
  using Entries = std::list<Entry>;  // read last first

  void Erase(typename Entries::iterator entry) {
    index_.erase(entry->key);
    entries_.erase(entry);
  }

  const std::size_t capacity_;
  Entries entries_;
  // Keys are views into `entries_`.
  std::unordered_map<std::string_view, typename Entries::iterator, StringHash, std::equal_to<>>
      index_;
};

}  // namespace gateway
