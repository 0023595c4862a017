// The head of a statement answer: what the gateway needs of it, without parsing the page.
//
// Trino writes id, infoUri, partialCancelUri, nextUri before columns and data, so the first
// kilobytes tell all. The scan walks the top-level members of a JSON object that may be cut off at
// any byte; it never allocates but for the rewritten text.
// Threads: pure functions. Source: Trino client protocol, QueryResults.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace gateway::protocol {

struct StatementAnswer {
  std::string_view id;  // raw JSON string contents, escapes not decoded; empty: not seen
  std::string_view info_uri;
  std::string_view next_uri;
  std::string_view partial_cancel_uri;
  bool has_error = false;  // an "error" member that is an object was seen
};

// Scans as far as `json` goes: a text that ends early gives what was seen. Stops at "data", so
// that rows are not walked.
// kProtocol: not a JSON object, or malformed before the end of `json`.
Expected<StatementAnswer> ScanStatementAnswer(std::string_view json);

// Replaces scheme and authority of infoUri, nextUri and partialCancelUri in `json_head` by
// `origin` (`https://gw.example:8443`), and puts `prefix` (`/~c1`, or empty) in front of their
// paths. For clusters that may not be told by X-Forwarded-* what their URIs are to be.
// URIs that are not absolute http(s) stay; escaped slashes (`http:\/\/`) are understood. kProtocol:
// as ScanStatementAnswer.
Expected<std::string> RewriteUris(std::string_view json_head,
                                  std::string_view origin,
                                  std::string_view prefix);

}  // namespace gateway::protocol
