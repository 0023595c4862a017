#include <utility>

#include "rpc/convert_backend.h"
#include "rpc/convert_group.h"
#include "rpc/convert_policy.h"
#include "rpc/methods.h"
#include "rpc/object_methods.h"
#include "trino/gateway/v1/health.pb.h"
#include "trino/gateway/v1/status.pb.h"

namespace gateway::rpc {
namespace {

using admin::AdminService;

v1::GetHealthResponse::Status ToProto(admin::Overall overall) {
  switch (overall) {
    case admin::Overall::kOk:
      return v1::GetHealthResponse::ok;
    case admin::Overall::kDegraded:
      return v1::GetHealthResponse::degraded;
    case admin::Overall::kDown:
      return v1::GetHealthResponse::down;
  }
  return v1::GetHealthResponse::down;
}

void Fill(const admin::GroupRoutingView& group, v1::GetRoutingResponse::GroupState& out) {
  out.set_id(group.id);
  out.set_strategy(rpc::ToProto(group.strategy));
  out.set_is_enabled(group.enabled);
  for (const auto& member : group.members) {
    auto& added = *out.add_members();
    added.set_id(member.id);
    added.set_eligible(member.eligible);
    added.set_why(ToText(member.why));
    added.set_load(member.load);
    added.set_in_flight(static_cast<std::int32_t>(member.in_flight));
  }
}

}  // namespace

void AddHealthCheckMethods(MethodTable& table,
                           std::function<std::optional<std::string>()> not_ready) {
  table.Add<v1::HealthCheckRequest, v1::HealthCheckResponse>(
      "HealthCheckAPI.Check", Role::kNone, Blocking::kNo,
      [not_ready = std::move(not_ready)](const auto&, auto& response,
                                         const Caller&) -> Expected<void> {
        response.set_serving_status(not_ready()
                                        ? v1::HealthCheckResponse::SERVING_STATUS_NOT_SERVING
                                        : v1::HealthCheckResponse::SERVING_STATUS_SERVING);
        return {};
      });
}

void AddStatusMethods(MethodTable& table, AdminService& service) {
  table.Add<v1::GetHealthRequest, v1::GetHealthResponse>(
      "StatusApi.GetHealth", Role::kViewer, Blocking::kLong,
      [&service](const auto&, auto& response, const Caller&) -> Expected<void> {
        const auto health = service.Health();
        response.set_status(ToProto(health.status));
        for (const auto& view : health.backends) *response.add_backends() = rpc::ToProto(view);
        return {};
      });
  table.Add<v1::GetRoutingRequest, v1::GetRoutingResponse>(
      "StatusApi.GetRouting", Role::kViewer, Blocking::kLong,
      [&service](const auto&, auto& response, const Caller&) -> Expected<void> {
        const auto routing = service.Routing();
        response.set_default_group(routing.default_group);
        response.set_version(static_cast<std::int64_t>(routing.version));
        for (const auto& group : routing.groups) Fill(group, *response.add_groups());
        for (const auto& policy : *routing.policies)
          *response.add_policies() = rpc::ToProto(policy);
        return {};
      });
}

MethodTable AllMethods(const MethodParts& parts) {
  MethodTable table;
  AddHealthCheckMethods(table, parts.not_ready);
  AddBackendMethods(table, parts.service, parts.drains);
  AddGroupMethods(table, parts.service);
  AddPolicyMethods(table, parts.service);
  AddRuleMethods(table, parts.service);
  AddQueryMethods(table, parts.service);
  AddAuditMethods(table, parts.service);
  AddStatusMethods(table, parts.service);
  AddRoutingMethods(table, parts.service, parts.explainer);
  return table;
}

}  // namespace gateway::rpc
