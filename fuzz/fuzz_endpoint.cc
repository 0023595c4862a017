// Request targets of any bytes: what is relayed is a part of what was sent, never with a tag or a
// segment that a backend could resolve to another path.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "protocol/endpoint.h"
#include "protocol/query_id.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using gateway::protocol::EndpointKind;
  const std::string_view target(reinterpret_cast<const char*>(data), size);
  for (const std::string_view method : {"GET", "POST", "DELETE", "HEAD", "CONNECT"}) {
    const auto endpoint = gateway::protocol::Classify(method, target);
    if (endpoint.kind == EndpointKind::kUnknown) continue;
    if (!target.ends_with(endpoint.target) || !endpoint.target.starts_with('/')) std::abort();
    const auto path = endpoint.target.substr(0, endpoint.target.find('?'));
    if (path.find("/../") != std::string_view::npos || path.ends_with("/..")) std::abort();
    if (method == "CONNECT" && endpoint.kind != EndpointKind::kBadMethod) std::abort();
    static_cast<void>(gateway::protocol::CoordinatorSuffix(endpoint.query_id));
  }
  return 0;
}
