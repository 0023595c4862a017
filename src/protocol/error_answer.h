// The answer to a statement that fails for good: status 200 and a body that every client prints.
//
// Clients retry 502, 503 and 504 and show other statuses badly; an `error` object is what they
// are made for. (Trino client protocol: QueryResults, QueryError.)
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gateway::protocol {

enum class ErrorType : std::uint8_t {
  kUserError,
  kInternalError,
  kInsufficientResources,
  kExternal
};

struct QueryError {
  std::string_view message;
  std::int32_t code = 0;
  std::string_view name;  // "TRANSACTION_CLUSTER_GONE"
  ErrorType type = ErrorType::kUserError;
};

// JSON of QueryResults in state FAILED. `query_id` must be a syntactically valid id (clients parse
// it); `origin` is the gateway as the client sees it, for infoUri. All texts are escaped.
std::string QueryErrorJson(std::string_view query_id,
                           std::string_view origin,
                           const QueryError& error);

// An id for an answer that no cluster gave: `YYYYMMDD_HHMMSS_NNNNN_tgate`, from UTC seconds since
// 1970 and a counter.
std::string GatewayQueryId(std::int64_t unix_seconds, std::uint32_t counter);

}  // namespace gateway::protocol
