// What runs on one backend through this gateway: queries, transactions, spooled results.
//
// Pages are relayed without being read, so nobody tells when a query ends. It counts as running
// from its submission until an answer is seen that ends it, and at the latest until nobody has
// asked for it for as long as after which Trino itself abandons it, unless the coordinator lists it
// as running: its client may poll through another instance, or, in direct mode, at the coordinator
// itself. Polls of queries that were submitted before a restart, or through another instance, count
// from the first one seen. Threads:
// all calls from any thread; a lock is held for one look-up. Memory: at most kMaxQueries small
// entries; ids are kept as hashes.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"

namespace gateway::model {

// What has to end before a backend may go. All zero: nothing is lost.
struct DrainState {
  std::size_t queries = 0;       // submitted or polled here and not known to have ended
  std::size_t transactions = 0;  // open explicit transactions
  std::size_t exchanges = 0;     // requests being relayed now
  bool spooled = false;          // segments of results were fetched in the last minute

  bool Empty() const { return queries == 0 && transactions == 0 && exchanges == 0 && !spooled; }
  bool operator==(const DrainState&) const = default;
};

class LiveQueries {
 public:
  static constexpr std::size_t kMaxQueries = 50'000;
  // Trino abandons a query that nobody polls after five minutes (query.client.timeout), and a
  // transaction that nobody uses (transaction.idle-timeout); a little more for both.
  static constexpr std::chrono::minutes kAbandoned{6};
  // A query that the coordinator does not list as running any more may still have pages to give.
  static constexpr std::chrono::seconds kLastPages{30};
  static constexpr std::chrono::seconds kSegments{60};

  // It was submitted, or asked for. `transaction`: of the submission; empty: none, or not known. A
  // statement of a transaction keeps that open with each request.
  void Seen(std::string_view query_id, Clock::TimePoint now, std::string_view transaction = {});
  // It was submitted in direct mode, so nobody will ask here for its pages: only the coordinator
  // tells when it ends.
  void SeenDirect(std::string_view query_id, Clock::TimePoint now);
  // Its last page was sent, it was cancelled, or the coordinator does not know it.
  void Ended(std::string_view query_id);

  void TransactionSeen(std::string_view transaction, Clock::TimePoint now);
  // The statement that ended it was `query_id`.
  void TransactionEnded(std::string_view query_id);

  // A segment of a result was fetched.
  void SegmentSeen(Clock::TimePoint now);

  // What the coordinator says is running: others that nobody has asked for lately have ended. Of
  // what it runs, those whose id is from before `began` (YYYYMMDD_HHMMSS) count as well: they may
  // have come through this gateway before it was started anew.
  void KeepOnly(const std::vector<std::string>& running,
                Clock::TimePoint now,
                std::string_view began = {});
  // Was KeepOnly() called yet?
  bool Listed() const;
  // Does anything count of which only the coordinator's list says whether it still runs?
  bool NeedsList(Clock::TimePoint now) const;

  // `exchanges` is left to the caller.
  DrainState Left(Clock::TimePoint now) const;

 private:
  using Key = std::uint64_t;
  struct Query {
    Clock::TimePoint seen;                              // submitted, or asked for here
    Clock::TimePoint listed = Clock::TimePoint::min();  // by the coordinator, as running
    Key transaction = 0;                                // 0: none
    bool direct = false;

    bool Lives(Clock::TimePoint now) const { return now - std::max(seen, listed) < kAbandoned; }
  };

  static Key KeyOf(std::string_view id);
  Query* Note(std::string_view query_id, Clock::TimePoint now);
  void NoteTransaction(Key key, Clock::TimePoint now);
  void Sweep(Clock::TimePoint now);

  mutable std::mutex mutex_;
  bool listed_ = false;
  std::unordered_map<Key, Query> queries_;
  std::unordered_map<Key, Clock::TimePoint> transactions_;
  std::size_t sweep_at_ = 1024;
  Clock::TimePoint sweep_after_ = Clock::TimePoint::min();
  Clock::TimePoint segment_seen_ = Clock::TimePoint::min();
};

}  // namespace gateway::model
