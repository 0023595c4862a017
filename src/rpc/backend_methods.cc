#include <algorithm>
#include <chrono>
#include <optional>
#include <ranges>
#include <unordered_map>

#include "rpc/convert_backend.h"
#include "rpc/methods.h"
#include "rpc/object_methods.h"

namespace gateway::rpc {
namespace {

using admin::AdminService;
using admin::BackendView;

constexpr std::int32_t kMaxDrainSeconds = 300;

// What says the same in other words as a field of the patch must not contradict it.
void Prepare(const std::vector<std::string>& paths, v1::Backend& message) {
  const auto has = [&](std::string_view path) {
    return std::ranges::find(paths, path) != paths.end();
  };
  if (has("url") && !has("hostname")) {
    message.clear_scheme();
    message.clear_hostname();
  }
  if (!has("url") && (has("hostname") || has("scheme"))) message.clear_url();
  if (has("load_limit")) message.clear_threshold_cluster_load();
  if (has("threshold_cluster_load") && !has("load_limit")) message.clear_load_limit();
}

// A state of the backend is not a part of it, and has calls of its own.
Expected<void> CheckNamesNoState(const std::vector<std::string>& paths) {
  for (const auto& path : paths) {
    if (path == "is_healthy" || path == "health" || path == "is_marked") {
      return InvalidField(path,
                          "a patch does not change it: use :markHealthy, :markUnhealthy or "
                          ":clearMarks (MarkHealthyBackend, and so on)");
    }
    if (path == "cluster_load" || path == "load") {
      return InvalidField(path,
                          "a patch does not change it: use :updateClusterLoad "
                          "(UpdateClusterLoadBackend)");
    }
  }
  return {};
}

// `message`, a whole backend, as somebody means it who has read it before.
v1::Backend AsMeant(const AdminService& service, v1::Backend message) {
  const auto stored = service.GetBackend(message.id());
  if (stored) TakeWhatChanged(message, stored->backend);
  return message;
}

Expected<void> CreateOrUpdate(AdminService& service,
                              const v1::Backend& message,
                              const Caller& caller) {
  const auto healthy = message.is_healthy() ? std::optional(true) : std::nullopt;
  const auto load =
      message.cluster_load() > 0 ? std::optional(message.cluster_load()) : std::nullopt;
  return PutFrom(AsMeant(service, message), WhenUnset::kDisabled, Existence::kAny,
                 [&](model::Backend backend, const admin::Precondition& precondition) {
                   const auto put = [&](admin::Batch& batch) -> Expected<void> {
                     auto done = batch.Put(std::move(backend), precondition);
                     if (!done || !(healthy || load)) return done;
                     return batch.Mark(message.id(), healthy, load);
                   };
                   return service.Together({"backend", message.id()}, caller, put);
                 });
}

Expected<BackendView> Patch(AdminService& service,
                            const v1::PatchBackendRequest& request,
                            const Caller& caller) {
  const auto& patch = request.backend();
  const auto precondition = PreconditionOf(patch.etag(), Existence::kMustExist);
  if (!precondition) return std::unexpected(precondition.error());
  const auto paths = PathsOf(request.update_mask(), patch);
  if (auto changes = CheckNamesNoState(paths); !changes) return std::unexpected(changes.error());
  return service.ChangeBackend(
      patch.id(),
      [&](model::Backend& backend) { return PatchObject(backend, patch, paths, Prepare); },
      *precondition, caller);
}

// Runs `change` on a backend that has to be there.
Expected<BackendView> Change(AdminService& service,
                             const std::string& id,
                             const Caller& caller,
                             void (*change)(model::Backend&)) {
  return service.ChangeBackend(
      id,
      [&](model::Backend& backend) -> Expected<void> {
        change(backend);
        return {};
      },
      {}, caller);
}

Expected<void> Drain(AdminService& service,
                     DrainWaiter& drains,
                     const v1::DrainBackendRequest& request,
                     v1::DrainBackendResponse& response,
                     const Caller& caller) {
  if (request.timeout_seconds() < 0 || request.timeout_seconds() > kMaxDrainSeconds) {
    return InvalidField("timeout_seconds", "0 to 300");
  }
  if (auto begun = service.BeginDrain(request.id(), caller); !begun) return begun;
  const auto empty = [&] { return service.Drained(request.id()); };
  const auto waited = drains.Wait(empty, std::chrono::seconds(request.timeout_seconds()));
  response.set_drained(waited ? *waited : empty());
  if (response.drained()) return {};
  if (auto known = service.CheckOthersAreKnown(request.id()); !known) return known;
  service.LogWhyNotDrained(request.id());
  // A backend that was deleted meanwhile has nothing left.
  const auto state = service.Left(request.id()).value_or(model::DrainState());
  response.set_in_flight(static_cast<std::int32_t>(state.exchanges));
  response.set_queries(static_cast<std::int32_t>(state.queries));
  response.set_transactions(static_cast<std::int32_t>(state.transactions));
  response.set_spooled(state.spooled);
  return {};
}

Expected<void> ListHistory(AdminService& service,
                           const v1::ListBackendHistoryRequest& request,
                           v1::ListBackendHistoryResponse& response) {
  const auto changes = service.History(request.id());
  if (!changes) return std::unexpected(changes.error());
  for (const auto& change : *changes | std::views::reverse) {
    auto& out = *response.add_changes();
    out.set_at_ms(ToMilliseconds(change.at));
    out.set_from(change.from);
    out.set_to(change.to);
    out.set_reason(ToText(change.reason));
  }
  return {};
}

// Groups by the backends that they name, for the filter `group`. Made when it is asked first.
class GroupsByBackend {
 public:
  explicit GroupsByBackend(const AdminService& service) : service_(service) {}

  const std::vector<std::string_view>& Of(std::string_view backend_id) {
    if (!index_) Fill();
    return (*index_)[backend_id];
  }

 private:
  void Fill() {
    groups_ = service_.ListGroups();
    index_.emplace();
    for (const auto& group : *groups_) {
      for (const auto& id : group.backends) (*index_)[id].push_back(group.id);
    }
  }

  const AdminService& service_;
  admin::Objects<model::Group> groups_;  // the index has views into it
  std::optional<std::unordered_map<std::string_view, std::vector<std::string_view>>> index_;
};

FilterName HealthFilter() {
  using enum model::Health;
  FilterName filter{"health"};
  for (const auto health : {kUnknown, kStarting, kHealthy, kUnhealthy, kOffSchedule}) {
    filter.values.push_back(NameOf(health));
  }
  return filter;
}

Expected<void> List(AdminService& service,
                    const v1::ListBackendsRequest& request,
                    v1::ListBackendsResponse& response) {
  GroupsByBackend groups(service);
  const auto values = [&](const BackendView& view,
                          std::string_view name) -> std::vector<std::string_view> {
    const auto& backend = view.backend;
    if (name == "id") return {backend.id};
    if (name == "enabled") return {FlagText(backend.enabled)};
    if (name == "draining") return {FlagText(backend.draining)};
    if (name == "health") return {NameOf(view.status.health)};
    if (name == "source") return {NameOf(backend.source)};
    return groups.Of(backend.id);
  };
  return ListPage(
      request, response, service.ListBackends(),
      {{"id"},
       FlagFilter("enabled"),
       FlagFilter("draining"),
       HealthFilter(),
       SourceFilter(),
       {"group"}},
      [](const BackendView& view) { return view.backend.id; }, values,
      [&](const BackendView& view) { *response.add_backends() = ToProto(view); });
}

// Those of the system that users come from.
void AddKnownMethods(MethodTable& table, AdminService& service) {
  table.Add<v1::Backend, v1::Empty>("BackendApi.CreateOrUpdateBackend", Role::kAdmin,
                                    Blocking::kYes,
                                    [&service](const auto& request, auto&, const Caller& caller) {
                                      return CreateOrUpdate(service, request, caller);
                                    });
  table.Add<v1::BackendGetRequest, v1::BackendGetResponse>(
      "BackendApi.GetBackend", Role::kViewer, Blocking::kNo,
      [&service](const auto& request, auto& response, const Caller&) {
        return Show(service.GetBackend(request.id()), *response.mutable_backend());
      });
  table.Add<v1::Empty, v1::BackendListAllResponse>(
      "BackendApi.ListAllBackends", Role::kViewer, Blocking::kLong,
      [&service](const auto&, auto& response, const Caller&) -> Expected<void> {
        for (const auto& view : service.ListBackends()) *response.add_items() = ToProto(view);
        return {};
      });
  table.Add<v1::BackendDeleteRequest, v1::Empty>(
      "BackendApi.DeleteBackend", Role::kAdmin, Blocking::kYes,
      [&service](const auto& request, auto&, const Caller& caller) -> Expected<void> {
        const auto precondition = PreconditionOf(request.etag());
        if (!precondition) return std::unexpected(precondition.error());
        const auto force = request.force() ? AdminService::Force::kYes : AdminService::Force::kNo;
        return service.DeleteBackend(request.id(), force, *precondition, caller);
      });
  table.Add<v1::BackendEnableRequest, v1::Empty>(
      "BackendApi.EnableBackend", Role::kOperator, Blocking::kYes,
      [&service](const auto& request, auto&, const Caller& caller) {
        return Done(Change(service, request.id(), caller, [](model::Backend& backend) {
          backend.enabled = true;
          backend.draining = false;
        }));
      });
  table.Add<v1::BackendDisableRequest, v1::Empty>(
      "BackendApi.DisableBackend", Role::kOperator, Blocking::kYes,
      [&service](const auto& request, auto&, const Caller& caller) {
        return Done(Change(service, request.id(), caller,
                           [](model::Backend& backend) { backend.enabled = false; }));
      });
}

void AddMarks(MethodTable& table, AdminService& service) {
  table.Add<v1::BackendMarkHealthyRequest, v1::Empty>(
      "BackendApi.MarkHealthyBackend", Role::kOperator, Blocking::kYes,
      [&service](const auto& request, auto&, const Caller& caller) {
        return service.MarkBackend(request.id(), true, caller);
      });
  table.Add<v1::BackendMarkUnhealthyRequest, v1::Empty>(
      "BackendApi.MarkUnhealthyBackend", Role::kOperator, Blocking::kYes,
      [&service](const auto& request, auto&, const Caller& caller) {
        return service.MarkBackend(request.id(), false, caller);
      });
  table.Add<v1::ClearMarksBackendRequest, v1::Empty>(
      "BackendApi.ClearMarksBackend", Role::kOperator, Blocking::kYes,
      [&service](const auto& request, auto&, const Caller& caller) {
        return service.ClearMarks(request.id(), caller);
      });
  table.Add<v1::BackendUpdateClusterLoadRequest, v1::Empty>(
      "BackendApi.UpdateClusterLoadBackend", Role::kOperator, Blocking::kYes,
      [&service](const auto& request, auto&, const Caller& caller) -> Expected<void> {
        if (request.cluster_load() < 0) return InvalidField("cluster_load", "0 or more");
        return service.SetBackendLoad(request.id(), request.cluster_load(), caller);
      });
}

void AddObservations(MethodTable& table, AdminService& service, DrainWaiter& drains) {
  table.Add<v1::DrainBackendRequest, v1::DrainBackendResponse>(
      "BackendApi.DrainBackend", Role::kOperator, Blocking::kYes,
      [&service, &drains](const auto& request, auto& response, const Caller& caller) {
        return Drain(service, drains, request, response, caller);
      });
  table.Add<v1::ListBackendHistoryRequest, v1::ListBackendHistoryResponse>(
      "BackendApi.ListBackendHistory", Role::kViewer, Blocking::kNo,
      [&service](const auto& request, auto& response, const Caller&) {
        return ListHistory(service, request, response);
      });
}

void AddNewMethods(MethodTable& table, AdminService& service) {
  const auto put = [&service](const v1::Backend& message, Existence existence,
                              const Caller& caller) {
    return PutFrom(AsMeant(service, message), WhenUnset::kEnabled, existence,
                   [&](model::Backend backend, const admin::Precondition& precondition) {
                     return service.PutBackend(std::move(backend), precondition, caller);
                   });
  };
  table.Add<v1::ListBackendsRequest, v1::ListBackendsResponse>(
      "BackendApi.ListBackends", Role::kViewer, Blocking::kLong,
      [&service](const auto& request, auto& response, const Caller&) {
        return List(service, request, response);
      });
  table.Add<v1::CreateBackendRequest, v1::Backend>(
      "BackendApi.CreateBackend", Role::kAdmin, Blocking::kYes,
      [put](const auto& request, auto& response, const Caller& caller) {
        return Show(put(request.backend(), Existence::kMustNotExist, caller), response);
      });
  table.Add<v1::PutBackendRequest, v1::Backend>(
      "BackendApi.PutBackend", Role::kAdmin, Blocking::kYes,
      [put](const auto& request, auto& response, const Caller& caller) {
        return Show(put(request.backend(), Existence::kAny, caller), response);
      });
  table.Add<v1::PatchBackendRequest, v1::Backend>(
      "BackendApi.PatchBackend", Role::kAdmin, Blocking::kYes,
      [&service](const auto& request, auto& response, const Caller& caller) {
        return Show(Patch(service, request, caller), response);
      });
}

}  // namespace

void AddBackendMethods(MethodTable& table, AdminService& service, DrainWaiter& drains) {
  AddKnownMethods(table, service);
  AddMarks(table, service);
  AddNewMethods(table, service);
  AddObservations(table, service, drains);
}

}  // namespace gateway::rpc
