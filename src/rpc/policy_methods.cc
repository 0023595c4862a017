#include <algorithm>

#include "rpc/convert_policy.h"
#include "rpc/methods.h"
#include "rpc/object_methods.h"

namespace gateway::rpc {
namespace {

using admin::AdminService;

Expected<model::Policy> Patch(AdminService& service,
                              const v1::PatchPolicyRequest& request,
                              const Caller& caller) {
  const auto& patch = request.policy();
  const auto precondition = PreconditionOf(patch.etag(), Existence::kMustExist);
  if (!precondition) return std::unexpected(precondition.error());
  const auto paths = PathsOf(request.update_mask(), patch);
  return service.ChangePolicy(
      patch.id(),
      [&](model::Policy& policy) {
        return PatchObject(policy, patch, paths, [](const auto&, v1::Policy&) {});
      },
      *precondition, caller);
}

Expected<void> SetEnabled(AdminService& service,
                          const std::string& id,
                          bool enabled,
                          const Caller& caller) {
  return Done(service.ChangePolicy(
      id,
      [&](model::Policy& policy) -> Expected<void> {
        policy.enabled = enabled;
        return {};
      },
      {}, caller));
}

// kInvalidArgument: not a port.
Expected<std::uint16_t> PortOf(std::int32_t number) {
  if (number < 0 || number > 65535) return InvalidField("incoming_port", "0 to 65535");
  return static_cast<std::uint16_t>(number);
}

FilterName RuleFilter() {
  using enum model::RuleType;
  FilterName filter{"rule"};
  for (const auto type :
       {kListeningPort, kHeaderHost, kHeaderClientTags, kHeaderConnectionProperties, kNone}) {
    filter.values.push_back(NameOf(type));
  }
  return filter;
}

Expected<void> List(AdminService& service,
                    const v1::ListPoliciesRequest& request,
                    v1::ListPoliciesResponse& response) {
  const auto values = [](const model::Policy& policy,
                         std::string_view name) -> std::vector<std::string_view> {
    if (name == "id") return {policy.id};
    if (name == "enabled") return {FlagText(policy.enabled)};
    if (name == "source") return {NameOf(policy.source)};
    if (name == "group") return {policy.group};
    return {NameOf(policy.rule_type)};
  };
  return ListPage(
      request, response, *service.ListPolicies(),
      {{"id"}, FlagFilter("enabled"), {"group"}, RuleFilter(), SourceFilter()},
      [](const model::Policy& policy) { return policy.id; }, values,
      [&](const model::Policy& policy) { *response.add_policies() = ToProto(policy); });
}

// Those of the system that users come from.
void AddKnownMethods(MethodTable& table, AdminService& service) {
  table.Add<v1::Policy, v1::Empty>(
      "PolicyApi.CreateOrUpdatePolicy", Role::kAdmin, Blocking::kYes,
      [&service](const auto& request, auto&, const Caller& caller) {
        return Done(PutFrom(request, WhenUnset::kDisabled, Existence::kAny,
                            [&](model::Policy policy, const admin::Precondition& precondition) {
                              return service.PutPolicy(std::move(policy), precondition, caller);
                            }));
      });
  table.Add<v1::PolicyGetRequest, v1::PolicyGetResponse>(
      "PolicyApi.GetPolicy", Role::kViewer, Blocking::kNo,
      [&service](const auto& request, auto& response, const Caller&) {
        return Show(service.GetPolicy(request.id()), *response.mutable_policy());
      });
  table.Add<v1::Empty, v1::PolicyListAllResponse>(
      "PolicyApi.ListAllPolicies", Role::kViewer, Blocking::kLong,
      [&service](const auto&, auto& response, const Caller&) -> Expected<void> {
        const auto policies = service.ListPolicies();
        for (const auto& policy : *policies) *response.add_items() = ToProto(policy);
        return {};
      });
  table.Add<v1::PolicyDeleteRequest, v1::Empty>(
      "PolicyApi.DeletePolicy", Role::kAdmin, Blocking::kYes,
      [&service](const auto& request, auto&, const Caller& caller) -> Expected<void> {
        const auto precondition = PreconditionOf(request.etag());
        if (!precondition) return std::unexpected(precondition.error());
        return service.DeletePolicy(request.id(), *precondition, caller);
      });
  table.Add<v1::PolicyEnableRequest, v1::Empty>(
      "PolicyApi.EnablePolicy", Role::kOperator, Blocking::kYes,
      [&service](const auto& request, auto&, const Caller& caller) {
        return SetEnabled(service, request.id(), true, caller);
      });
  table.Add<v1::PolicyDisableRequest, v1::Empty>(
      "PolicyApi.DisablePolicy", Role::kOperator, Blocking::kYes,
      [&service](const auto& request, auto&, const Caller& caller) {
        return SetEnabled(service, request.id(), false, caller);
      });
}

void AddNewMethods(MethodTable& table, AdminService& service) {
  const auto put = [&service](const v1::Policy& message, Existence existence,
                              const Caller& caller) {
    return PutFrom(message, WhenUnset::kEnabled, existence,
                   [&](model::Policy policy, const admin::Precondition& precondition) {
                     return service.PutPolicy(std::move(policy), precondition, caller);
                   });
  };
  table.Add<v1::ListPoliciesRequest, v1::ListPoliciesResponse>(
      "PolicyApi.ListPolicies", Role::kViewer, Blocking::kLong,
      [&service](const auto& request, auto& response, const Caller&) {
        return List(service, request, response);
      });
  table.Add<v1::CreatePolicyRequest, v1::Policy>(
      "PolicyApi.CreatePolicy", Role::kAdmin, Blocking::kYes,
      [put](const auto& request, auto& response, const Caller& caller) {
        return Show(put(request.policy(), Existence::kMustNotExist, caller), response);
      });
  table.Add<v1::PutPolicyRequest, v1::Policy>(
      "PolicyApi.PutPolicy", Role::kAdmin, Blocking::kYes,
      [put](const auto& request, auto& response, const Caller& caller) {
        return Show(put(request.policy(), Existence::kAny, caller), response);
      });
  table.Add<v1::PatchPolicyRequest, v1::Policy>(
      "PolicyApi.PatchPolicy", Role::kAdmin, Blocking::kYes,
      [&service](const auto& request, auto& response, const Caller& caller) {
        return Show(Patch(service, request, caller), response);
      });
}

Expected<void> EvaluateGroups(AdminService& service,
                              const v1::EvaluateGroupsRequest& request,
                              v1::EvaluateGroupsResponse& response) {
  const auto port = PortOf(request.incoming_port());
  if (!port) return std::unexpected(port.error());
  routing::RequestFacts facts;
  facts.port = *port;
  facts.host = request.host();
  facts.client_tags = request.header_client_tags();
  facts.connection_properties = request.header_connection_properties();
  for (auto& id : service.EvaluateGroups(facts)) response.add_group_ids(std::move(id));
  return {};
}

void AddEvaluation(MethodTable& table, AdminService& service) {
  table.Add<v1::EvaluateGroupsRequest, v1::EvaluateGroupsResponse>(
      "PolicyApi.EvaluateGroupsForClient", Role::kViewer, Blocking::kNo,
      [&service](const auto& request, auto& response, const Caller&) {
        return EvaluateGroups(service, request, response);
      });
  table.Add<v1::EvaluateAuthDelegationRequest, v1::EvaluateAuthDelegationResponse>(
      "PolicyApi.EvaluateAuthDelegationForClient", Role::kViewer, Blocking::kNo,
      [&service](const auto& request, auto& response, const Caller&) -> Expected<void> {
        const auto port = PortOf(request.incoming_port());
        if (!port) return std::unexpected(port.error());
        response.set_is_auth_delegated(service.EvaluateAuthDelegation(*port));
        return {};
      });
  table.Add<v1::EvaluateRequestSourceRequest, v1::EvaluateRequestSourceResponse>(
      "PolicyApi.EvaluateRequestSourceForClient", Role::kViewer, Blocking::kNo,
      [&service](const auto& request, auto& response, const Caller&) -> Expected<void> {
        const auto port = PortOf(request.incoming_port());
        if (!port) return std::unexpected(port.error());
        response.set_set_request_source(service.EvaluateRequestSource(*port));
        return {};
      });
}

}  // namespace

void AddPolicyMethods(MethodTable& table, AdminService& service) {
  AddKnownMethods(table, service);
  AddNewMethods(table, service);
  AddEvaluation(table, service);
}

}  // namespace gateway::rpc
