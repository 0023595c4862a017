// Heads of HTTP/1.1 messages: strict parsing, and the framing of the body that follows.
//
// Strict means: what two recipients could read in two ways is refused. Lines end in CRLF, names are
// tokens without blanks around them, no folding, no control characters, one Host, one body length.
// Threads: pure functions. Cost: no allocation but for the field list, which is reused.
// Source: RFC 9112 (message syntax), RFC 9110 §5 (fields).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gateway::http {

struct HeaderField {
  std::string_view name;   // as sent
  std::string_view value;  // without surrounding blanks
};

// All views point into the text that was parsed.
struct RequestHead {
  std::string_view method;
  std::string_view target;  // origin-form: begins with '/'
  int minor_version = 1;    // HTTP/1.0 or HTTP/1.1
  std::string_view host;    // Host, or the authority of an absolute-form target; empty for 1.0
  std::vector<HeaderField> fields;
};

struct ResponseHead {
  int status = 0;
  std::string_view reason;
  int minor_version = 1;
  std::vector<HeaderField> fields;
};

enum class BodyKind : std::uint8_t { kNone, kLength, kChunked, kUntilClose };

struct BodyFraming {
  BodyKind kind = BodyKind::kNone;
  std::uint64_t length = 0;  // kLength

  bool operator==(const BodyFraming&) const = default;
};

// Where the head ends in `text`: the index just after the empty line, or npos while that has not
// arrived. `searched` says how many bytes an earlier call looked at without success.
std::size_t FindHeadEnd(std::string_view text, std::size_t searched = 0);

// Parses `text`, which is one whole head with its empty line, into `head`.
// kProtocol: malformed (400). kTooLarge: more than `max_fields` fields (431).
// kUnsupported: not HTTP/1.0 or HTTP/1.1 (505). Origin is kClient.
Expected<void> ParseRequestHead(std::string_view text, std::size_t max_fields, RequestHead& head);

// As above, for the answer of a backend; kUnsupported does not occur. Origin is kBackend.
Expected<void> ParseResponseHead(std::string_view text, std::size_t max_fields, ResponseHead& head);

// The first field of that name, or nullptr.
const HeaderField* FindField(const std::vector<HeaderField>& fields, std::string_view name);

// Does a list-valued field (Connection, say) hold `token` in any of its lines? Case-insensitive.
bool HasToken(const std::vector<HeaderField>& fields,
              std::string_view name,
              std::string_view token);

// The body that follows a request's head. kProtocol: lengths that are malformed, repeated or
// contradict each other (400). kUnsupported: a transfer coding other than chunked (501).
// Source: RFC 9112 §6.
Expected<BodyFraming> RequestFraming(const RequestHead& head);

// The body that follows a response's head to a request with `method`. kProtocol: as above.
Expected<BodyFraming> ResponseFraming(const ResponseHead& head, std::string_view method);

// May the connection be used again after this message?
bool KeepsAlive(int minor_version, const std::vector<HeaderField>& fields);

// Fields that concern one connection only and are never relayed, besides those that Connection
// names. Source: RFC 9110 §7.6.1.
bool IsHopByHop(std::string_view name);

}  // namespace gateway::http
