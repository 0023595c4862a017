// From a request to its answer: access, then the route, then the handler. Knows no sockets.
//
// Threads: Handle() from any thread; it blocks only when Blocks() says so.
#pragma once

#include <string>
#include <string_view>

#include "admin/access.h"
#include "admin/message.h"
#include "admin/routes.h"
#include "admin/service.h"
#include "telemetry/logger.h"

namespace gateway::admin {

class Api {
 public:
  // The references must outlive the API.
  Api(Access access, AdminService& service, ServerCallbacks callbacks, telemetry::Logger& logger);

  // May Handle() wait for the database? Then call it on a database thread.
  static bool Blocks(const Request& request);

  // The answer to HEAD has the body of GET; the transport leaves it out. Refused writes are logged
  // as `admin.refused`.
  Response Handle(const Request& request) const;

 private:
  Response Dispatch(const Request& request) const;

  const Access access_;
  AdminService& service_;
  const ServerCallbacks callbacks_;
  telemetry::Logger& logger_;
};

}  // namespace gateway::admin
