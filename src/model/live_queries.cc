#include "model/live_queries.h"

#include <algorithm>
#include <functional>
#include <unordered_set>
#include <utility>

namespace gateway::model {

LiveQueries::Key LiveQueries::KeyOf(std::string_view id) {
  // 0 stands for "none". Two ids with one hash would count once, which no drain will notice.
  return std::max<Key>(std::hash<std::string_view>{}(id), 1);
}

void LiveQueries::Seen(std::string_view query_id,
                       Clock::TimePoint now,
                       std::string_view transaction) {
  const std::lock_guard lock(mutex_);
  auto* query = Note(query_id, now);
  if (!query) return;
  if (!transaction.empty()) query->transaction = KeyOf(transaction);
  if (query->transaction != 0) NoteTransaction(query->transaction, now);
}

void LiveQueries::SeenDirect(std::string_view query_id, Clock::TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (auto* query = Note(query_id, now)) query->direct = true;
}

// Null: it names none, or there is no room.
LiveQueries::Query* LiveQueries::Note(std::string_view query_id, Clock::TimePoint now) {
  if (query_id.empty()) return nullptr;
  if (queries_.size() >= sweep_at_ && now >= sweep_after_) Sweep(now);
  const auto key = KeyOf(query_id);
  auto found = queries_.find(key);
  if (found == queries_.end()) {
    // At the limit new ones are left out; each poll tries again.
    if (queries_.size() >= kMaxQueries) return nullptr;
    found = queries_.emplace(key, Query{}).first;
  }
  found->second.seen = now;
  return &found->second;
}

void LiveQueries::Ended(std::string_view query_id) {
  const std::lock_guard lock(mutex_);
  queries_.erase(KeyOf(query_id));
}

void LiveQueries::TransactionSeen(std::string_view transaction, Clock::TimePoint now) {
  const std::lock_guard lock(mutex_);
  NoteTransaction(KeyOf(transaction), now);
}

void LiveQueries::NoteTransaction(Key key, Clock::TimePoint now) {
  const auto found = transactions_.find(key);
  if (found != transactions_.end()) {
    found->second = now;
  } else if (transactions_.size() < kMaxQueries) {
    transactions_.emplace(key, now);
  }
}

void LiveQueries::TransactionEnded(std::string_view query_id) {
  const std::lock_guard lock(mutex_);
  const auto found = queries_.find(KeyOf(query_id));
  // Its own pages that follow must not bring the transaction back.
  if (found != queries_.end()) transactions_.erase(std::exchange(found->second.transaction, 0));
}

void LiveQueries::SegmentSeen(Clock::TimePoint now) {
  const std::lock_guard lock(mutex_);
  segment_seen_ = now;
}

// Ids of Trino begin with their time in UTC and in digits, so they compare as texts.
void LiveQueries::KeepOnly(const std::vector<std::string>& running,
                           Clock::TimePoint now,
                           std::string_view began) {
  for (const auto& id : running) {
    if (id < began) Seen(id, now);
  }
  const std::lock_guard lock(mutex_);
  listed_ = true;
  std::unordered_set<Key> keys;
  for (const auto& id : running) {
    const auto key = *keys.insert(KeyOf(id)).first;
    const auto found = queries_.find(key);
    if (found == queries_.end()) continue;
    found->second.listed = now;
    if (found->second.transaction != 0) NoteTransaction(found->second.transaction, now);
  }
  std::erase_if(queries_, [&](const auto& entry) {
    return !keys.contains(entry.first) && now - entry.second.seen >= kLastPages;
  });
}

bool LiveQueries::Listed() const {
  const std::lock_guard lock(mutex_);
  return listed_;
}

bool LiveQueries::NeedsList(Clock::TimePoint now) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(
      queries_, [&](const auto& entry) { return entry.second.direct && entry.second.Lives(now); });
}

DrainState LiveQueries::Left(Clock::TimePoint now) const {
  const auto alive = [now](Clock::TimePoint seen) { return now - seen < kAbandoned; };
  const auto count = [](const auto& map, const auto& holds) {
    return static_cast<std::size_t>(std::ranges::count_if(map, holds));
  };
  const std::lock_guard lock(mutex_);
  DrainState left;
  left.queries = count(queries_, [&](const auto& entry) { return entry.second.Lives(now); });
  left.transactions = count(transactions_, [&](const auto& entry) { return alive(entry.second); });
  left.spooled = segment_seen_ != Clock::TimePoint::min() && now - segment_seen_ < kSegments;
  return left;
}

// Costs as much as there are entries, so it waits until they have doubled, or for a second.
void LiveQueries::Sweep(Clock::TimePoint now) {
  std::erase_if(queries_, [&](const auto& entry) { return !entry.second.Lives(now); });
  std::erase_if(transactions_, [&](const auto& entry) { return now - entry.second >= kAbandoned; });
  sweep_at_ = std::clamp<std::size_t>(2 * queries_.size(), 1024, kMaxQueries);
  sweep_after_ = now + std::chrono::seconds(1);
}

}  // namespace gateway::model
