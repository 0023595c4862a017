// Answers that the gateway gives itself.
//
// What passes is transient (503, 502, 504 with Retry-After: Trino's clients repeat those) or final
// for this statement (200 with an error object: every client prints that). Everything else is plain
// text for people.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "protocol/error_answer.h"

namespace gateway::proxy {

struct Reply {
  int status = 500;
  std::string_view content_type = "text/plain; charset=utf-8";
  std::string extra_fields;  // whole header lines, each with CRLF
  std::string body;
};

// The whole message. `head_only`: the answer to HEAD, with the length but without the body.
std::string Serialise(const Reply& reply, bool close, bool head_only);

// A request that could not be read as HTTP: 400, 408, 413, 431, 501 or 505.
// `parsing_head` tells an unknown version (505) from an unknown transfer coding (501).
Reply MalformedReply(const Error& error, bool parsing_head);

// No answer could be got from a backend: 502, 503 or 504, with Retry-After.
Reply UpstreamFailedReply(const Error& error);

// No backend is eligible now: 503 with Retry-After; `why` lists the groups and their backends.
Reply UnavailableReply(std::string_view why);

// Credentials are missing or refused: 401; `why` is for people.
Reply UnauthenticatedReply(std::string_view why);

// Whether the credentials are good, or where the statement is to go, cannot be told now: 503 with
// Retry-After.
Reply UndecidedReply(std::string_view why);

// What the gateway decides on might not be what a cluster sees: 400.
Reply AmbiguousReply(std::string_view why);

Reply NotFoundReply(std::string_view target);
// The cluster that a query runs on is not configured any more: 404.
Reply OwnerGoneReply(std::string_view why);
Reply BadMethodReply(std::string_view allow);
Reply RedirectReply(std::string_view location, std::string_view cookie_backend);

// Why a statement fails for good.
struct StatementFailure {
  std::string_view name;   // errorName: "GATEWAY_TRANSACTION_LOST"
  std::string_view label;  // in the access log and in metrics
  std::int32_t code = 0;   // outside of the ranges that Trino itself uses
  protocol::ErrorType type = protocol::ErrorType::kExternal;
};
inline constexpr StatementFailure kTransactionLost{"GATEWAY_TRANSACTION_LOST", "transaction_lost",
                                                   0x7A7E0001, protocol::ErrorType::kExternal};
inline constexpr StatementFailure kQueryRejected{"GATEWAY_QUERY_REJECTED", "query_rejected",
                                                 0x7A7E0002, protocol::ErrorType::kUserError};
inline constexpr StatementFailure kTransactionsRefused{"GATEWAY_TRANSACTIONS_REFUSED",
                                                       "transactions_refused", 0x7A7E0003,
                                                       protocol::ErrorType::kUserError};

inline constexpr StatementFailure kKillFailed{"GATEWAY_KILL_FAILED", "kill_failed", 0x7A7E0004,
                                              protocol::ErrorType::kUserError};

// The statement fails for good; the client shows `message`.
Reply StatementErrorReply(std::string_view query_id,
                          std::string_view origin,
                          const StatementFailure& failure,
                          std::string_view message);

std::string_view ReasonPhrase(int status);

}  // namespace gateway::proxy
