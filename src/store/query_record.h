// The history of queries: one record for each submission.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace gateway::store {

// What is no UTF-8 comes back with U+FFFD in its place; names are cut after 255 bytes, ids after
// 128, texts after 1 MiB.
struct QueryRecord {
  std::string id;  // Trino's
  std::string text;
  std::string user;
  std::string source;
  std::string client;  // address
  std::string group_id;
  std::string backend_id;
  std::string server_host;  // the host that the client asked
  std::string trace;        // how the decision was made
  Clock::WallTime submitted;

  bool operator==(const QueryRecord&) const = default;
};

// As the store gives it back: cut, in UTF-8, its time in whole milliseconds.
QueryRecord AsStored(const QueryRecord& query);

// How many bytes of long texts a page of the history or of the audit log has, unless one record
// alone has more.
inline constexpr std::size_t kPageBytes = 8 * 1024 * 1024;

// What ListQueries() returns, ordered by time, then by id. Empty texts and absent times match
// everything.
struct QueryFilter {
  std::string user;
  std::string source;
  std::string backend_id;
  std::string group_id;
  std::optional<Clock::WallTime> from;  // inclusive
  std::optional<Clock::WallTime> to;    // exclusive
  bool ascending = false;               // oldest first
  std::size_t offset = 0;
  std::size_t limit = 100;
  std::size_t max_bytes = kPageBytes;  // of texts and traces; one record comes always
};

struct QueryPage {
  std::vector<QueryRecord> items;
  static constexpr std::uint64_t kMaxTotal = 10'000;
  std::uint64_t total = 0;  // that the filter matches, on all pages; not more than kMaxTotal
  bool has_more = false;    // are there more than `total`?
};

}  // namespace gateway::store
