// The one table of what the admin server answers.
//
// Threads: handlers of reads never block; those of writes wait for the database.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "admin/message.h"
#include "admin/service.h"

namespace gateway::admin {

struct ServerCallbacks {
  std::function<std::optional<std::string>()> not_ready;  // why not, or nothing
  std::function<std::string()> metrics;                   // the text of a scrape
};

// A request that found its route.
struct Call {
  const Request& request;
  std::string_view id;  // what stands for {id}
  AdminService& service;
  const ServerCallbacks& callbacks;
};

struct Route {
  std::string_view method;  // HEAD is served by GET
  std::string_view path;    // may end with "{id}", one segment
  Response (*handle)(const Call& call);
  std::string_view summary;
};

std::span<const Route> Routes();

// {"error":{...}} with the status that goes with it.
Response ErrorResponse(unsigned status, std::string_view code, std::string_view message);

}  // namespace gateway::admin
