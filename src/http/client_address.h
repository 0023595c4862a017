// Who the client of a request is, where balancers stand between it and the gateway.
//
// Threads: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "http/head.h"

namespace gateway::http {

// The client's address, without port. `peer` made the connection. While the one looked at is in
// `trusted`, the address that it wrote to the end of X-Forwarded-For is looked at next; so the
// result is the last one that nobody trusted wrote, which a client cannot choose. What is no
// address ends the search at who wrote it.
std::string ClientAddress(std::string_view peer,
                          std::span<const AddressBlock> trusted,
                          std::span<const HeaderField> fields);

}  // namespace gateway::http
