// The admin API of Trino's own gateway (trinodb/trino-gateway), for scripts, charts and probes that
// were written for it. Off unless `admin.trino_gateway_api` says otherwise.
//
// A backend there is {name, proxyTo, active, routingGroup, externalUrl}: here a backend and its
// membership in a group, which is created (round_robin) when it is missing. `routingGroup` shows
// the first group by id that names the backend; a change of it moves the backend from that group to
// the new one and leaves its other groups alone. Each change is one transaction; what that API does
// not know of a backend stays as it is.
// Threads: Handle() from any thread; changes wait for the database.
#pragma once

#include <string_view>

#include "admin/service.h"
#include "base/error.h"
#include "identity/principal.h"
#include "rpc/message.h"
#include "rpc/method_table.h"
#include "rpc/pages.h"

namespace gateway::rpc {

class TrinoGatewayApi {
 public:
  // The service must outlive this.
  TrinoGatewayApi(admin::AdminService& service, PageCallbacks pages)
      : service_(service), pages_(std::move(pages)) {}

  // Is `path` one of that API's?
  static bool Owns(std::string_view path);
  // What is open there is open here: probes and /api/public/.
  static identity::Role RoleFor(const Request& request);
  // Probes hold nobody up; whatever shows backends goes through all of them and all groups.
  static Blocking BlockingOf(const Request& request);

  Response Handle(const Request& request, const admin::Caller& caller) const;

 private:
  Response HandleRead(const Request& request) const;
  Response ShowPublic(std::string_view name_and_rest) const;
  Response SetActive(std::string_view name, bool active, const admin::Caller& caller) const;
  Response Save(const Request& request, bool must_be_new, const admin::Caller& caller) const;
  using Force = admin::AdminService::Force;
  Response Delete(std::string_view name, Force force, const admin::Caller& caller) const;

  admin::AdminService& service_;
  const PageCallbacks pages_;
};

}  // namespace gateway::rpc
