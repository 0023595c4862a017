// What the admin server answers beside the API: probes, metrics, the list of addresses, the
// definition of the API and the page to try it out. None of it needs credentials.
//
// Threads: any; nothing blocks.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "rpc/message.h"

namespace gateway::rpc {

struct PageCallbacks {
  std::function<std::optional<std::string>()> not_ready;        // why not, or nothing
  std::function<std::shared_ptr<const std::string>()> metrics;  // the text of a scrape
};

// Nothing: there is no such page. For GET and HEAD.
std::optional<Response> FindPage(const Request& request, const PageCallbacks& callbacks);

}  // namespace gateway::rpc
