// What rules are asked about: one submission, and the groups that it could go to.
//
// The caller implements these over what it has; nothing is looked up or analysed before a rule
// asks for it.
// Threads: an object belongs to one exchange on one worker. Nothing here throws: scripts run in C,
// through which no exception may pass.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "http/head.h"

namespace gateway::rules {

// Views that hold as long as the request's head.
struct RequestFacts {
  std::string_view user;
  std::string_view source;
  std::string_view client_tags;     // raw header value
  std::string_view client_address;  // without port
  std::string_view host;            // Host header as sent
  std::uint16_t port = 0;           // of the listener
  std::string_view method;
  std::string_view target;       // path and query
  std::uint64_t text_bytes = 0;  // of the statement, also where its text was not kept
};

// What the analysis of the statement found. Names are as trino-gateway reports them.
struct StatementFacts {
  bool parsed = false;        // false: it could not be read, `error` says why
  std::string error;          // for people; no SQL text
  std::string_view type;      // "Query", "CreateTable"; empty: unknown
  std::string_view category;  // "SELECT", "DATA_DEFINITION"; empty: none
  std::optional<bool> read_only;
  std::vector<std::string> tables;           // "catalog.schema.table"
  std::vector<std::string> schemas;          // "schema"
  std::vector<std::string> catalog_schemas;  // "catalog.schema"
  std::vector<std::string> catalogs;
};

class Facts {
 public:
  virtual ~Facts() = default;

  virtual const RequestFacts& request() const noexcept = 0;
  virtual std::span<const http::HeaderField> headers() const noexcept = 0;
  // Analysed at the first call.
  virtual const StatementFacts& statement() noexcept = 0;
  // The body of the submission, or as much of it as was kept.
  virtual std::string_view text() const noexcept = 0;

  // The first field of that name, in any case; nothing when there is none.
  std::optional<std::string_view> Header(std::string_view name) const noexcept;
};

struct GroupFacts {
  std::int64_t members = 0;
  std::int64_t healthy = 0;  // members that a new query could go to now
  double load = 0;           // queries on those, as the least_load strategy counts them
};

class Groups {
 public:
  virtual ~Groups() = default;

  // Nothing: there is no such group, or it is disabled.
  virtual std::optional<GroupFacts> Find(std::string_view id) const noexcept = 0;
  // The group of queries that nothing else places; empty: there is none.
  virtual std::string_view default_group() const noexcept = 0;
  virtual void ForEach(FunctionRef<void(std::string_view id, const GroupFacts&)> visit) const = 0;
};

}  // namespace gateway::rules
