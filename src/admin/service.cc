#include "admin/service.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace gateway::admin {
namespace {

MemberView MemberOf(const model::Snapshot& snapshot, const std::string& id) {
  const auto* state = snapshot.FindBackend(id);
  if (!state) return {id, false, "not declared anywhere", 0, 0};
  return {id, state->Eligible(), std::string(state->IneligibleReason()), state->Load(),
          state->counters->in_flight.load(std::memory_order_relaxed)};
}

std::unexpected<Error> NotFound(std::string_view kind, std::string_view id) {
  return Fail(ErrorCode::kNotFound, fmt::format("{} '{}' does not exist", kind, id),
              Origin::kClient);
}

}  // namespace

std::string_view NameOf(Overall overall) {
  switch (overall) {
    case Overall::kOk:
      return "ok";
    case Overall::kDegraded:
      return "degraded";
    case Overall::kDown:
      return "down";
  }
  return "down";
}

AdminService::AdminService(ServiceParts parts)
    : parts_(std::move(parts)), began_(parts_.clock.Now()) {}

BackendView AdminService::ViewOf(const model::BackendState& state) const {
  return {state.backend, state.status, state.Load(),
          state.counters->in_flight.load(std::memory_order_relaxed),
          state.Left(parts_.clock.Now())};
}

std::vector<BackendView> AdminService::ViewsOf(const model::Snapshot& snapshot) const {
  std::vector<BackendView> views;
  for (const auto& state : snapshot.backends()) views.push_back(ViewOf(*state));
  return views;
}

std::vector<BackendView> AdminService::ListBackends() const {
  return ViewsOf(*parts_.registry.Current());
}

Objects<model::Group> AdminService::ListGroups() const {
  const auto declared = parts_.registry.Current()->declared();
  return {declared, &declared->groups};
}

Objects<model::Policy> AdminService::ListPolicies() const {
  const auto declared = parts_.registry.Current()->declared();
  return {declared, &declared->policies};
}

Objects<model::Rule> AdminService::ListRules() const {
  const auto declared = parts_.registry.Current()->declared();
  return {declared, &declared->rules};
}

Expected<BackendView> AdminService::GetBackend(std::string_view id) const {
  const auto snapshot = parts_.registry.Current();
  const auto* state = snapshot->FindBackend(id);
  if (!state) return NotFound("backend", id);
  return ViewOf(*state);
}

Expected<model::Group> AdminService::GetGroup(std::string_view id) const {
  const auto snapshot = parts_.registry.Current();
  const auto* state = snapshot->FindGroup(id);
  if (!state) return NotFound("group", id);
  return state->group;
}

Expected<model::Policy> AdminService::GetPolicy(std::string_view id) const {
  const auto snapshot = parts_.registry.Current();
  const auto found = std::ranges::find(snapshot->policies(), id, &model::Policy::id);
  if (found == snapshot->policies().end()) return NotFound("policy", id);
  return *found;
}

Expected<model::Rule> AdminService::GetRule(std::string_view id) const {
  const auto snapshot = parts_.registry.Current();
  const auto found = std::ranges::find(snapshot->rules(), id, &model::Rule::id);
  if (found == snapshot->rules().end()) return NotFound("rule", id);
  return *found;
}

Expected<std::vector<model::HealthChange>> AdminService::History(std::string_view id) const {
  if (!parts_.registry.Current()->FindBackend(id)) return NotFound("backend", id);
  return parts_.registry.History(id);
}

HealthView AdminService::Health() const {
  const auto snapshot = parts_.registry.Current();
  HealthView view{Overall::kDown, ViewsOf(*snapshot)};
  const auto enabled = std::ranges::count_if(
      snapshot->backends(), [](const auto& state) { return state->backend.enabled; });
  const auto eligible = std::ranges::count_if(snapshot->backends(),
                                              [](const auto& state) { return state->Eligible(); });
  if (eligible > 0) view.status = eligible == enabled ? Overall::kOk : Overall::kDegraded;
  return view;
}

RoutingView AdminService::Routing() const {
  const auto snapshot = parts_.registry.Current();
  const auto& declared = snapshot->declared();
  RoutingView view{
      snapshot->default_group(), snapshot->version(), {}, {declared, &declared->policies}};
  for (const auto& state : snapshot->groups()) {
    GroupRoutingView group{state.group.id, state.group.strategy, state.group.enabled, {}};
    for (const auto& id : state.group.backends) group.members.push_back(MemberOf(*snapshot, id));
    view.groups.push_back(std::move(group));
  }
  return view;
}

// The status is that of the current snapshot; a backend that is not in it was deleted meanwhile.
BackendView AdminService::ViewNow(model::Backend backend) const {
  BackendView view;
  const auto snapshot = parts_.registry.Current();
  if (const auto* state = snapshot->FindBackend(backend.id)) view = ViewOf(*state);
  view.backend = std::move(backend);
  return view;
}

}  // namespace gateway::admin
