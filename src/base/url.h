// Addresses: of a backend (scheme, host, port and nothing else), and of a service with a path.
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gateway {

struct Url {
  bool tls = false;
  std::string host;  // lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;

  // `host:port`, the port left out where it is the scheme's default: as a Host header has it.
  std::string Authority() const;
  // `https://host:port`, without a trailing slash.
  std::string ToString() const;

  bool operator==(const Url&) const = default;
};

// Reads `http://host[:port]` or `https://host[:port]`, with an optional trailing slash.
// kInvalidArgument: anything else (user info, path, query, port 0); the message says what is
// allowed.
Expected<Url> ParseUrl(std::string_view text);

// Where a service takes requests.
struct HttpLocation {
  Url url;
  std::string target = "/";  // path and query, as they stand in a request line

  std::string ToString() const { return url.ToString() + target; }
  bool operator==(const HttpLocation&) const = default;
};

// Reads `http://host[:port][/path][?query]` or the same with https. kInvalidArgument: anything else
// (user info, a fragment, blanks); the message says what is allowed.
Expected<HttpLocation> ParseHttpLocation(std::string_view text);

}  // namespace gateway
