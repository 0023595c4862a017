#include "admin/service.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "admin/references.h"

namespace gateway::admin {
namespace {

// As wide as the database's column.
constexpr std::size_t kMaxRuleValue = 4096;

BackendView ViewOf(const model::BackendState& state) {
  return {state.backend, state.status, state.Load(),
          state.counters->in_flight.load(std::memory_order_relaxed)};
}

std::vector<BackendView> ViewsOf(const model::Snapshot& snapshot) {
  std::vector<BackendView> views;
  for (const auto& state : snapshot.backends()) views.push_back(ViewOf(*state));
  return views;
}

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

Expected<void> CheckLength(const model::Policy& policy) {
  if (policy.rule_value.size() <= kMaxRuleValue) return {};
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("rule value is too long: at most {} bytes", kMaxRuleValue),
              Origin::kClient);
}

const std::vector<model::Backend>& ListOf(const model::Configuration& all, const model::Backend&) {
  return all.backends;
}
const std::vector<model::Group>& ListOf(const model::Configuration& all, const model::Group&) {
  return all.groups;
}
const std::vector<model::Policy>& ListOf(const model::Configuration& all, const model::Policy&) {
  return all.policies;
}

template <typename Object>
Expected<void> Create(store::Store& store, const Object& object) {
  const auto edited =
      store.Edit(fmt::format("cannot save '{}'", object.id),
                 [&](store::ConfigurationEdit& edit) -> Expected<void> {
                   const auto& objects = ListOf(edit.current(), object);
                   if (std::ranges::find(objects, object.id, &Object::id) == objects.end()) {
                     return edit.Put(object);
                   }
                   return Fail(ErrorCode::kAlreadyExists,
                               fmt::format("'{}' exists already", object.id), Origin::kStore);
                 });
  if (!edited) return std::unexpected(edited.error());
  return {};
}

Expected<void> Delete(store::Store& store, store::Kind kind, std::string_view id) {
  const auto edited =
      store.Edit(fmt::format("cannot delete '{}'", id),
                 [&](store::ConfigurationEdit& edit) { return edit.Delete(kind, id); });
  if (!edited) return std::unexpected(edited.error());
  return {};
}

// The first check that fails.
Expected<void> All(std::initializer_list<Expected<void>> checks) {
  for (const auto& check : checks) {
    if (!check) return check;
  }
  return {};
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

AdminService::AdminService(model::Registry& registry,
                           store::Store& store,
                           telemetry::Logger& logger)
    : registry_(registry), store_(store), logger_(logger) {}

std::vector<BackendView> AdminService::ListBackends() const {
  return ViewsOf(*registry_.Current());
}

std::vector<model::Group> AdminService::ListGroups() const {
  const auto snapshot = registry_.Current();
  std::vector<model::Group> groups;
  for (const auto& state : snapshot->groups()) groups.push_back(state.group);
  return groups;
}

std::vector<model::Policy> AdminService::ListPolicies() const {
  return registry_.Current()->policies();
}

Expected<BackendView> AdminService::GetBackend(std::string_view id) const {
  const auto snapshot = registry_.Current();
  const auto* state = snapshot->FindBackend(id);
  if (!state) return NotFound("backend", id);
  return ViewOf(*state);
}

Expected<model::Group> AdminService::GetGroup(std::string_view id) const {
  const auto snapshot = registry_.Current();
  const auto* state = snapshot->FindGroup(id);
  if (!state) return NotFound("group", id);
  return state->group;
}

Expected<model::Policy> AdminService::GetPolicy(std::string_view id) const {
  const auto snapshot = registry_.Current();
  const auto found = std::ranges::find(snapshot->policies(), id, &model::Policy::id);
  if (found == snapshot->policies().end()) return NotFound("policy", id);
  return *found;
}

Expected<BackendView> AdminService::CreateBackend(const model::Backend& backend,
                                                  const Caller& caller) {
  const auto created = Write({"create", "backend", backend.id}, caller, [&] {
    const auto checked =
        All({Validate(backend), CheckBackendIsOurs(registry_.FileConfiguration(), backend.id)});
    return checked ? Create(store_, backend) : checked;
  });
  if (!created) return std::unexpected(created.error());
  return GetBackend(backend.id);
}

Expected<model::Group> AdminService::CreateGroup(const model::Group& group, const Caller& caller) {
  const auto created = Write({"create", "group", group.id}, caller, [&] {
    const auto checked =
        All({Validate(group), CheckGroupIsOurs(registry_.FileConfiguration(), group.id),
             CheckReferences(group, *registry_.Current())});
    return checked ? Create(store_, group) : checked;
  });
  if (!created) return std::unexpected(created.error());
  return GetGroup(group.id);
}

Expected<model::Policy> AdminService::CreatePolicy(const model::Policy& policy,
                                                   const Caller& caller) {
  const auto created = Write({"create", "policy", policy.id}, caller, [&] {
    const auto checked = All({Validate(policy), CheckLength(policy),
                              CheckPolicyIsOurs(registry_.FileConfiguration(), policy.id),
                              CheckReferences(policy, *registry_.Current())});
    return checked ? Create(store_, policy) : checked;
  });
  if (!created) return std::unexpected(created.error());
  return GetPolicy(policy.id);
}

Expected<void> AdminService::DeleteBackend(std::string_view id, const Caller& caller) {
  return Write({"delete", "backend", id}, caller, [&] {
    // Something that is not there is not "in use", even if a group names it.
    if (!registry_.Current()->FindBackend(id)) return Expected<void>(NotFound("backend", id));
    const auto checked = All({CheckBackendIsOurs(registry_.FileConfiguration(), id),
                              CheckBackendIsFree(*registry_.Current(), id)});
    return checked ? Delete(store_, store::Kind::kBackend, id) : checked;
  });
}

Expected<void> AdminService::DeleteGroup(std::string_view id, const Caller& caller) {
  return Write({"delete", "group", id}, caller, [&] {
    if (!registry_.Current()->FindGroup(id)) return Expected<void>(NotFound("group", id));
    const auto checked = All({CheckGroupIsOurs(registry_.FileConfiguration(), id),
                              CheckGroupIsFree(*registry_.Current(), id)});
    return checked ? Delete(store_, store::Kind::kGroup, id) : checked;
  });
}

Expected<void> AdminService::DeletePolicy(std::string_view id, const Caller& caller) {
  return Write({"delete", "policy", id}, caller, [&] {
    const auto checked = CheckPolicyIsOurs(registry_.FileConfiguration(), id);
    return checked ? Delete(store_, store::Kind::kPolicy, id) : checked;
  });
}

HealthView AdminService::Health() const {
  const auto snapshot = registry_.Current();
  HealthView view{Overall::kDown, ViewsOf(*snapshot)};
  const auto enabled = std::ranges::count_if(
      snapshot->backends(), [](const auto& state) { return state->backend.enabled; });
  const auto eligible = std::ranges::count_if(snapshot->backends(),
                                              [](const auto& state) { return state->Eligible(); });
  if (eligible > 0) view.status = eligible == enabled ? Overall::kOk : Overall::kDegraded;
  return view;
}

RoutingView AdminService::Routing() const {
  const auto snapshot = registry_.Current();
  RoutingView view{snapshot->default_group(), snapshot->version(), {}, snapshot->policies()};
  for (const auto& state : snapshot->groups()) {
    GroupRoutingView group{state.group.id, state.group.strategy, state.group.enabled, {}};
    for (const auto& id : state.group.backends) group.members.push_back(MemberOf(*snapshot, id));
    view.groups.push_back(std::move(group));
  }
  return view;
}

Expected<void> AdminService::Write(const Subject& subject,
                                   const Caller& caller,
                                   const std::function<Expected<void>()>& write) {
  const std::lock_guard lock(write_mutex_);
  auto result = write();
  if (result) result = Publish(subject);
  logger_.Event(telemetry::Level::kInfo, "admin.write",
                {{"method", subject.method},
                 {"kind", subject.kind},
                 {"id", subject.id},
                 {"client", caller.client},
                 {"result", result ? std::string_view("ok") : NameOf(result.error().code)}});
  return result;
}

Expected<void> AdminService::Publish(const Subject& subject) {
  auto stored = store_.LoadConfiguration();
  if (!stored) {
    return Fail(stored.error().code,
                fmt::format("{} of {} '{}' is stored, but takes effect only at the next change or "
                            "start: {}",
                            subject.method, subject.kind, subject.id, stored.error().message),
                stored.error().origin);
  }
  registry_.ReplaceStored(*stored->configuration);
  return {};
}

}  // namespace gateway::admin
