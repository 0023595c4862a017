// One-shot HTTP/1.1 requests of the control side: health probes. Not for the data path.
//
// Threads: the event loop of `io`; each call is independent.
// Memory: at most `body_limit` for each answer.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/url.h"
#include "http/asio.h"

namespace gateway::http {

struct ControlRequest {
  std::string method = "GET";
  Url url;
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> fields;  // besides Host and User-Agent
  std::string body;
  Clock::TimePoint deadline;  // for all of it, steady clock
  std::size_t body_limit = 1024 * 1024;
};

struct ControlResponse {
  int status = 0;
  std::string content_type;
  std::string location;
  std::string body;
};

// Connects, sends, receives, closes. Redirects are not followed. `https` checks the certificate
// against the system's authorities.
// kRefused: no connection. kTimeout: not done by the deadline. kClosed: broke off. kProtocol: not
// HTTP, or TLS failed. kTooLarge: the body exceeds the limit. Origin is kBackend; the message names
// the step: "connect: Connection refused".
Awaitable<Expected<ControlResponse>> Fetch(asio::io_context& io, ControlRequest request);

}  // namespace gateway::http
