// HTTP/1.1 requests to services: health probes, an external router, an authentication provider. Not
// for what is relayed.
//
// Threads: one event loop; each call is independent.
// Memory: at most `body_limit` for each answer; one connection for each service that is asked on
// connections that are kept.
#pragma once

#include <cstddef>
#include <cstdint>
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
#include "http/idle_connections.h"

namespace gateway::http {

// Which connection a request goes over.
enum class Reuse : std::uint8_t {
  kNever,  // one of its own
  kAfter,  // a new one, which is kept then: shows that one can be made
  kAlways  // the one that was kept, if there is one, and it is kept again
};

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
  Reuse reuse = Reuse::kNever;
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

  // Sends, and receives the whole answer. Redirects are not followed. A request that meets a kept
  // connection which was closed meanwhile is sent once more, on a new one: such a connection says
  // nothing about the service. So what must not arrive twice needs a connection of its own.
  // kRefused, kTlsVersion, kTlsCertificate: no connection. kTimeout: not done by the deadline.
  // kClosed: broke off. kProtocol: not HTTP. kTooLarge: head or body exceed their limit. Origin is
  // kBackend. kInvalidArgument: the target could not stand in a request line; nothing was sent.
  Awaitable<Expected<ControlResponse>> Fetch(ControlRequest request);

  // Closes the connections that are kept, and gives up lookups of names: for stopping.
  void CloseIdle();

 private:
  struct Attempt;
  Awaitable<Attempt> Try(const ControlRequest& request, ConnectionPtr kept);

  Deadlines& deadlines_;
  Connector connector_;
  IdleConnections idle_;
};

}  // namespace gateway::http
