#include <algorithm>

#include "rpc/convert_group.h"
#include "rpc/methods.h"
#include "rpc/object_methods.h"

namespace gateway::rpc {
namespace {

using admin::AdminService;

Expected<model::Group> Patch(AdminService& service,
                             const v1::PatchGroupRequest& request,
                             const Caller& caller) {
  const auto& patch = request.group();
  const auto precondition = PreconditionOf(patch.etag(), Existence::kMustExist);
  if (!precondition) return std::unexpected(precondition.error());
  const auto paths = PathsOf(request.update_mask(), patch);
  return service.ChangeGroup(
      patch.id(),
      [&](model::Group& group) {
        return PatchObject(group, patch, paths, [](const auto&, v1::Group&) {});
      },
      *precondition, caller);
}

Expected<void> SetEnabled(AdminService& service,
                          const std::string& id,
                          bool enabled,
                          const Caller& caller) {
  return Done(service.ChangeGroup(
      id,
      [&](model::Group& group) -> Expected<void> {
        group.enabled = enabled;
        return {};
      },
      {}, caller));
}

FilterName StrategyFilter() {
  using enum model::Strategy;
  FilterName filter{"strategy"};
  for (const auto strategy :
       {kRoundRobin, kRandom, kLeastLoad, kWeightedRoundRobin, kLeastInFlight, kHash}) {
    filter.values.push_back(NameOf(strategy));
  }
  return filter;
}

Expected<void> List(AdminService& service,
                    const v1::ListGroupsRequest& request,
                    v1::ListGroupsResponse& response) {
  const auto values = [](const model::Group& group,
                         std::string_view name) -> std::vector<std::string_view> {
    if (name == "id") return {group.id};
    if (name == "enabled") return {FlagText(group.enabled)};
    if (name == "source") return {NameOf(group.source)};
    if (name == "strategy") return {NameOf(group.strategy)};
    return {group.backends.begin(), group.backends.end()};
  };
  return ListPage(
      request, response, *service.ListGroups(),
      {{"id"}, FlagFilter("enabled"), StrategyFilter(), SourceFilter(), {"backend"}},
      [](const model::Group& group) { return group.id; }, values,
      [&](const model::Group& group) { *response.add_groups() = ToProto(group); });
}

// Those of the system that users come from.
void AddKnownMethods(MethodTable& table, AdminService& service) {
  table.Add<v1::Group, v1::Empty>(
      "GroupApi.CreateOrUpdateGroup", Role::kAdmin, Blocking::kYes,
      [&service](const auto& request, auto&, const Caller& caller) {
        return Done(PutFrom(request, WhenUnset::kDisabled, Existence::kAny,
                            [&](model::Group group, const admin::Precondition& precondition) {
                              return service.PutGroup(std::move(group), precondition, caller);
                            }));
      });
  table.Add<v1::GroupGetRequest, v1::GroupGetResponse>(
      "GroupApi.GetGroup", Role::kViewer, Blocking::kNo,
      [&service](const auto& request, auto& response, const Caller&) {
        return Show(service.GetGroup(request.id()), *response.mutable_group());
      });
  table.Add<v1::Empty, v1::GroupListAllResponse>(
      "GroupApi.ListAllGroups", Role::kViewer, Blocking::kLong,
      [&service](const auto&, auto& response, const Caller&) -> Expected<void> {
        const auto groups = service.ListGroups();
        for (const auto& group : *groups) *response.add_items() = ToProto(group);
        return {};
      });
  table.Add<v1::GroupDeleteRequest, v1::Empty>(
      "GroupApi.DeleteGroup", Role::kAdmin, Blocking::kYes,
      [&service](const auto& request, auto&, const Caller& caller) -> Expected<void> {
        const auto precondition = PreconditionOf(request.etag());
        if (!precondition) return std::unexpected(precondition.error());
        return service.DeleteGroup(request.id(), *precondition, caller);
      });
  table.Add<v1::GroupEnableRequest, v1::Empty>(
      "GroupApi.EnableGroup", Role::kOperator, Blocking::kYes,
      [&service](const auto& request, auto&, const Caller& caller) {
        return SetEnabled(service, request.id(), true, caller);
      });
  table.Add<v1::GroupDisableRequest, v1::Empty>(
      "GroupApi.DisableGroup", Role::kOperator, Blocking::kYes,
      [&service](const auto& request, auto&, const Caller& caller) {
        return SetEnabled(service, request.id(), false, caller);
      });
}

void AddNewMethods(MethodTable& table, AdminService& service) {
  const auto put = [&service](const v1::Group& message, Existence existence, const Caller& caller) {
    return PutFrom(message, WhenUnset::kEnabled, existence,
                   [&](model::Group group, const admin::Precondition& precondition) {
                     return service.PutGroup(std::move(group), precondition, caller);
                   });
  };
  table.Add<v1::ListGroupsRequest, v1::ListGroupsResponse>(
      "GroupApi.ListGroups", Role::kViewer, Blocking::kLong,
      [&service](const auto& request, auto& response, const Caller&) {
        return List(service, request, response);
      });
  table.Add<v1::CreateGroupRequest, v1::Group>(
      "GroupApi.CreateGroup", Role::kAdmin, Blocking::kYes,
      [put](const auto& request, auto& response, const Caller& caller) {
        return Show(put(request.group(), Existence::kMustNotExist, caller), response);
      });
  table.Add<v1::PutGroupRequest, v1::Group>(
      "GroupApi.PutGroup", Role::kAdmin, Blocking::kYes,
      [put](const auto& request, auto& response, const Caller& caller) {
        return Show(put(request.group(), Existence::kAny, caller), response);
      });
  table.Add<v1::PatchGroupRequest, v1::Group>(
      "GroupApi.PatchGroup", Role::kAdmin, Blocking::kYes,
      [&service](const auto& request, auto& response, const Caller& caller) {
        return Show(Patch(service, request, caller), response);
      });
}

void AddEvaluation(MethodTable& table, AdminService& service) {
  table.Add<v1::EvaluateBackendRequest, v1::EvaluateBackendResponse>(
      "GroupApi.EvaluateBackendForGroups", Role::kViewer, Blocking::kNo,
      [&service](const auto& request, auto& response, const Caller&) -> Expected<void> {
        const auto placement =
            service.EvaluateBackend({request.group_ids().begin(), request.group_ids().end()});
        if (!placement) return std::unexpected(placement.error());
        response.set_backend_id(placement->backend_id);
        response.set_group_id(placement->group_id);
        return {};
      });
}

}  // namespace

void AddGroupMethods(MethodTable& table, AdminService& service) {
  AddKnownMethods(table, service);
  AddNewMethods(table, service);
  AddEvaluation(table, service);
}

}  // namespace gateway::rpc
