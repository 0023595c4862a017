// What routing is asked, and what it answers: the groups to try, what to do on the way, and a short
// trace of why.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/function_ref.h"
#include "model/snapshot.h"

namespace gateway::routing {

// QueryFacts::type of the statement that starts a transaction.
inline constexpr std::string_view kStartTransaction = "StartTransaction";

// What the text of a statement says. Names are in lower case.
struct QueryFacts {
  std::string_view type;                  // statement class, "Query"; empty: not understood
  std::string_view category;              // "SELECT"; empty: not understood
  std::optional<bool> read_only;          // nothing: not understood
  std::span<const std::string> catalogs;  // that it uses
  std::span<const std::string> schemas;   // "catalog.schema"
  std::span<const std::string> tables;    // "catalog.schema.table", each once
};

// What policies and strategies may look at. Views into the request's head; callbacks are asked
// during the decision only.
struct RequestFacts {
  std::uint16_t port = 0;          // of the listener
  std::string_view host{};         // Host header as sent, maybe with a port
  std::string_view client_tags{};  // raw header value
  std::string_view connection_properties{};
  std::string_view user{};
  std::string_view source{};
  std::string_view routing_group{};   // X-Trino-Routing-Group
  std::string_view client_address{};  // without port
  std::string_view catalog{};         // X-Trino-Catalog: the default one
  std::string_view schema{};          // X-Trino-Schema
  std::string_view session{};  // what tells the client's sessions apart, for HashKey::kSession
  std::optional<std::uint64_t> text_bytes{};  // of the statement; nothing: unknown, or none
  Clock::WallTime now{};

  // Does `holds` return true for the value of one of the header lines of that name (any case)?
  // Refers to nothing: no headers.
  FunctionRef<bool(std::string_view name, FunctionRef<bool(std::string_view value)> holds)>
      any_header{};

  // Asked once, and only if a policy or strategy needs it: what the statement says. Null: there is
  // no statement, or it was not understood. What it points to must outlive the decision.
  FunctionRef<const QueryFacts*()> query{};
};

// Where a new query may go, best first, and what happens to it. Pointers and views hold as long as
// the snapshot.
struct GroupChoice {
  std::vector<const model::GroupState*> groups;  // each once; empty: nothing is configured
  std::string trace;  // "policy etl (header_client_tags=etl) -> adhoc; default adhoc"

  std::vector<const model::Policy*> policies;       // those that decided
  std::vector<const model::HeaderAction*> headers;  // to apply in this order
  std::string_view reject_message;                  // not empty: refuse a submission
  std::string_view set_request_source;              // not empty: replaces X-Trino-Source
  std::optional<model::Mode> mode;                  // nothing: that of the group picked
  bool auth_delegated = false;  // the listener's credentials are checked by the provider

  // Keys for Strategy::kHash, by HashKey; those that one of `groups` needs.
  std::array<std::optional<std::uint64_t>, 4> keys{};

  std::uint64_t KeyOf(model::HashKey key) const {
    return keys[static_cast<std::size_t>(key)].value_or(0);
  }
};

}  // namespace gateway::routing
