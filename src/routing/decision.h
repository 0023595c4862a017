// What routing is asked, and what it answers: the groups to try and a short trace of why.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/snapshot.h"

namespace gateway::routing {

// What policies may look at. Views into the request's head.
struct RequestFacts {
  std::uint16_t port = 0;        // of the listener
  std::string_view host;         // Host header as sent, maybe with a port
  std::string_view client_tags;  // raw header value
  std::string_view connection_properties;
};

// Where a new query may go, best first. Pointers hold as long as the snapshot.
struct GroupChoice {
  std::vector<const model::GroupState*> groups;  // each once; empty: nothing is configured
  std::string trace;  // "policy etl (header_client_tags=etl) -> adhoc; default adhoc"
};

}  // namespace gateway::routing
