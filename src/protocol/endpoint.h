// Which part of Trino's HTTP interface a request addresses, told by method and target alone.
//
// Targets may begin with a cluster tag, `/~<backend id>/...`: the gateway lets Trino write it into
// its URIs by X-Forwarded-Prefix, and cuts it off again here.
// Threads: pure functions. Cost: no allocation; the results are views into the target.
#pragma once

#include <cstdint>
#include <string_view>

namespace gateway::protocol {

enum class EndpointKind : std::uint8_t {
  kSubmit,     // POST /v1/statement
  kPing,       // HEAD /v1/statement, GET|HEAD /v1/info[/...], GET|HEAD /v1/status: any cluster
  kPoll,       // GET|HEAD|DELETE /v1/statement/queued|executing/... (with executing/partialCancel)
  kQuery,      // GET|HEAD|DELETE /v1/query/{id}
  kUi,         // /, /ui, /ui/...
  kSpooled,    // /v1/spooled/...
  kOauth2,     // /oauth2/...
  kBadMethod,  // a path of the above with a method that it does not take
  kUnknown,    // not Trino's client protocol, a path with dot segments, a control character
};
// For logs and metrics: "statement", "ping", "poll", "query", "ui", "spooled", "oauth2", "other".
std::string_view NameOf(EndpointKind kind);

struct Endpoint {
  EndpointKind kind = EndpointKind::kUnknown;
  std::string_view tag;       // backend id in front of the path; empty when there is none
  std::string_view target;    // path and query without the tag: what the backend gets
  std::string_view query_id;  // empty when the target names none
  std::string_view allow;     // kBadMethod: value for the Allow header
};

// `target` is origin-form (RFC 9112 §3.2.1). A query id is taken from: the segment after
// queued/executing, after partialCancel, after /v1/query/; for kUi from a bare query string
// (`/ui/query.html?{id}`) or from any path segment that is one (`/ui/api/query/{id}`).
Endpoint Classify(std::string_view method, std::string_view target);

// `/~c1`: what Trino is to write in front of its URIs, for X-Forwarded-Prefix.
// (Callers append it to their own buffers; ids are valid by construction.)
inline constexpr std::string_view kTagMarker = "/~";

}  // namespace gateway::protocol
