// The audit log: who changed what, when and from where.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/query_record.h"

namespace gateway::store {

// One write of one object.
struct AuditEntry {
  std::int64_t id = 0;  // grows with each entry; set by the store
  Clock::WallTime at;   // set by the store
  std::string actor;    // who: name of the user or token
  std::string role;
  std::string client;  // address
  std::string method;  // "BackendApi/PutBackend"
  std::string kind;    // "backend"
  std::string object_id;
  std::string before;  // the object as JSON; empty: it did not exist
  std::string after;   // empty: it does not exist any more

  bool operator==(const AuditEntry&) const = default;
};

// What ListAudit() returns, newest first. Empty texts and absent times match everything.
struct AuditFilter {
  std::string actor;
  std::string kind;
  std::string object_id;
  std::optional<Clock::WallTime> from;  // inclusive
  std::optional<Clock::WallTime> to;    // exclusive
  std::int64_t before_id = 0;  // the next page: id of the last entry seen; 0: the first page
  std::size_t limit = 100;
  std::size_t max_bytes = kPageBytes;  // of the objects before and after; one entry comes always
};

struct AuditPage {
  std::vector<AuditEntry> entries;
  bool has_more = false;  // there may be more: the page is full, by number or bytes
};

}  // namespace gateway::store
