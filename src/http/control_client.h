// One-shot HTTP/1.1 requests to services: health probes, an external router, an
// authentication provider. Not for what is relayed.
//
// Threads: one event loop; each call is independent.
// Memory: at most `body_limit` for each answer.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/url.h"
#include "http/asio.h"
#include "http/connector.h"
#include "http/deadlines.h"

namespace gateway::http {

struct ControlRequest {
  std::string method = "GET";
  Url url;
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>>
      fields;  // besides Host and the body's length; no line breaks
  std::string accept = "application/json";
  std::string body;
  std::shared_ptr<TlsClient> tls;  // for https; null: the system's authorities, no certificate
  Clock::TimePoint deadline;       // for all of it
  std::size_t body_limit = 1024 * 1024;
};

struct ControlResponse {
  int status = 0;
  std::string content_type;
  std::string location;
  std::string set_cookie;  // the first one
  std::string body;
};

class ControlClient {
 public:
  // `io` and `deadlines` must outlive the client.
  ControlClient(asio::io_context& io, Deadlines& deadlines);

  // Connects, sends, receives, closes. Redirects are not followed.
  // kRefused, kTlsVersion, kTlsCertificate: no connection. kTimeout: not done by the deadline.
  // kClosed: broke off. kProtocol: not HTTP. kTooLarge: head or body exceed their limit. Origin is
  // kBackend. kInvalidArgument: the target could not stand in a request line; nothing was sent.
  Awaitable<Expected<ControlResponse>> Fetch(ControlRequest request);

 private:
  Deadlines& deadlines_;
  Connector connector_;
};

}  // namespace gateway::http
