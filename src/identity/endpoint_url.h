// An address with a path: an issuer, or an endpoint that its discovery document names.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/url.h"

namespace gateway::identity {

struct EndpointUrl {
  Url origin;
  std::string target;  // path and query as a request line has them; "/" when there is no path

  std::string ToString() const { return origin.ToString() + target; }
};

// Reads `https://host[:port][/path][?query]`; `http://` for loopback addresses only, as tokens and
// keys must not cross a network in clear. kInvalidArgument: anything else (user info, fragment,
// characters that do not belong into a URL); the message says what is allowed.
Expected<EndpointUrl> ParseEndpointUrl(std::string_view text);

// Is it a name or address of this machine?
bool IsLoopback(std::string_view host);

// `text` with all but unreserved characters as %XX (RFC 3986 §2.3): for query and form values.
std::string PercentEncode(std::string_view text);

// The reverse, with `+` for a blank as forms have it. A % without two digits behind it stays.
std::string PercentDecode(std::string_view text);

}  // namespace gateway::identity
