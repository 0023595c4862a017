// Whom a request is for, whatever form its target has (RFC 9112 §3.2).
//
// Threads: pure function.
#pragma once

#include <cstddef>

#include "base/error.h"
#include "rpc/message.h"

namespace gateway::rpc {

// Makes the target begin with its path. One in absolute form, as proxies get it, names the host
// itself: that counts then, and not the header Host. `host_lines`: how many of these came;
// `http11`: one is needed. kProtocol: the host is missing, not one, or none; another scheme.
[[nodiscard]] Expected<void> TakeOriginForm(Request& request, std::size_t host_lines, bool http11);

}  // namespace gateway::rpc
