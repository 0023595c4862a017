// The methods of all services, on top of the admin service.
//
// One function for each service adds its methods to the table; a new method is some lines in its
// file and in api/. Threads: on one, before the table is used.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "admin/service.h"
#include "explain/explainer.h"
#include "rpc/drain_waiter.h"
#include "rpc/method_table.h"

namespace gateway::rpc {

void AddHealthCheckMethods(MethodTable& table,
                           std::function<std::optional<std::string>()> not_ready);
void AddBackendMethods(MethodTable& table, admin::AdminService& service, DrainWaiter& drains);
void AddGroupMethods(MethodTable& table, admin::AdminService& service);
void AddPolicyMethods(MethodTable& table, admin::AdminService& service);
void AddRuleMethods(MethodTable& table, admin::AdminService& service);
void AddQueryMethods(MethodTable& table, admin::AdminService& service);
void AddAuditMethods(MethodTable& table, admin::AdminService& service);
void AddStatusMethods(MethodTable& table, admin::AdminService& service);
void AddRoutingMethods(MethodTable& table,
                       admin::AdminService& service,
                       const explain::Explainer& explainer);

struct MethodParts {
  admin::AdminService& service;
  DrainWaiter& drains;
  const explain::Explainer& explainer;
  std::function<std::optional<std::string>()> not_ready;  // why no queries can be taken, or nothing
};

// All of them. The parts must outlive the table.
MethodTable AllMethods(const MethodParts& parts);

}  // namespace gateway::rpc
