// The address of a backend: scheme, host, port and nothing else.
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

}  // namespace gateway
