#include "rpc/trino_gateway_api.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/strings.h"
#include "rpc/rest.h"

namespace gateway::rpc {
namespace {

namespace json = boost::json;
using admin::BackendView;
using identity::Role;
using Groups = std::vector<model::Group>;
using Existence = admin::Precondition::Existence;

constexpr std::string_view kBackendPrefix = "/gateway/backend/";
constexpr std::string_view kPublic = "/api/public/backends";
constexpr std::string_view kEntity = "/entity";
constexpr std::string_view kEntityBackends = "/entity/GATEWAY_BACKEND";
constexpr std::string_view kDefaultGroup = "adhoc";  // that API's own default

Response Text(unsigned status, std::string text) { return {status, std::move(text), "text/plain"}; }

std::unexpected<Error> Invalid(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), Origin::kClient);
}

bool Names(const model::Group& group, std::string_view id) {
  return std::ranges::find(group.backends, id) != group.backends.end();
}

// Empty: in no group.
std::string GroupOf(const Groups& groups, std::string_view id) {
  const auto found =
      std::ranges::find_if(groups, [&](const auto& group) { return Names(group, id); });
  return found == groups.end() ? std::string() : found->id;
}

json::string ToJson(std::string_view text) { return json::string(text.data(), text.size()); }

std::string ExternalUrl(const model::Backend& backend) {
  return backend.external_url.empty() ? backend.url.ToString() : backend.external_url;
}

// The first group of each backend, for lists. Views into `groups`.
std::unordered_map<std::string_view, std::string_view> GroupsByBackend(const Groups& groups) {
  std::unordered_map<std::string_view, std::string_view> first;
  for (const auto& group : groups) {
    for (const auto& id : group.backends) first.emplace(id, group.id);
  }
  return first;
}

json::object ToJson(const BackendView& view, std::string_view group) {
  return {{"name", ToJson(view.backend.id)},
          {"proxyTo", ToJson(view.backend.url.ToString())},
          {"active", view.backend.enabled},
          {"routingGroup", ToJson(group)},
          {"externalUrl", ToJson(ExternalUrl(view.backend))}};
}

std::string_view StatusOf(model::Health health) {
  switch (health) {
    case model::Health::kHealthy:
      return "HEALTHY";
    case model::Health::kUnhealthy:
    case model::Health::kOffSchedule:
      return "UNHEALTHY";
    case model::Health::kStarting:
      return "PENDING";
    case model::Health::kUnknown:
      return "UNKNOWN";
  }
  return "UNKNOWN";
}

std::int64_t CountOf(const std::optional<double>& figure) {
  constexpr double kMost = 9007199254740992.0;  // 2^53: beyond it doubles leave numbers out
  return figure && std::abs(*figure) <= kMost ? std::lround(*figure) : 0;
}

// What was not measured is 0, as there.
json::object StateOf(const BackendView& view, const Groups& groups) {
  const auto& figures = view.status.figures;
  return {{"clusterId", ToJson(view.backend.id)},
          {"runningQueryCount", CountOf(figures.running)},
          {"queuedQueryCount", CountOf(figures.queued)},
          {"numWorkerNodes", CountOf(figures.active_workers)},
          {"trinoStatus", ToJson(StatusOf(view.status.health))},
          {"proxyTo", ToJson(view.backend.url.ToString())},
          {"externalUrl", ToJson(ExternalUrl(view.backend))},
          {"routingGroup", ToJson(GroupOf(groups, view.backend.id))}};
}

Response Show(const json::value& value) { return {200, json::serialize(value)}; }

// A backend as that API takes it.
struct Entry {
  model::Backend backend;
  std::string group;

  // Takes over what that API knows of a backend, and leaves the rest as it is.
  void Into(model::Backend& other) const {
    other.url = backend.url;
    other.external_url = backend.external_url;
    other.enabled = backend.enabled;
  }
};

// Jackson, which reads it there, takes texts and numbers for booleans, too, and null for false.
std::optional<bool> BoolOf(const json::value& value) {
  if (value.is_bool()) return value.get_bool();
  if (value.is_null()) return false;
  if (value.is_int64()) return value.get_int64() != 0;
  if (value.is_uint64()) return value.get_uint64() != 0;
  const auto* text = value.if_string();
  if (!text) return std::nullopt;
  const auto lower = ToLower(std::string_view(text->data(), text->size()));
  if (lower == "true") return true;
  if (lower == "false") return false;
  return std::nullopt;
}

// Members that are not known are ignored there, so they are here.
Expected<Entry> ParseEntry(std::string_view body) {
  json::error_code ec;
  const auto value = json::parse(json::string_view(body.data(), body.size()), ec);
  const auto* object = value.if_object();
  if (ec || !object) return Invalid("the body is not a JSON object");
  const auto text = [&](const char* name) -> std::string {
    const auto* member = object->if_contains(name);
    const auto* string = member ? member->if_string() : nullptr;
    return string ? std::string(*string) : std::string();
  };
  Entry entry;
  entry.backend.id = text("name");
  auto url = ParseUrl(text("proxyTo"));
  if (!url) return Invalid("proxyTo: " + url.error().message);
  entry.backend.url = *std::move(url);
  entry.backend.external_url = text("externalUrl");
  if (const auto* member = object->if_contains("active")) {
    const auto active = BoolOf(*member);
    if (!active) return Invalid("active: needed is true or false");
    entry.backend.enabled = *active;
  }
  entry.group = text("routingGroup");
  if (entry.group.empty()) entry.group = kDefaultGroup;
  if (!IsValidId(entry.group)) return Invalid(fmt::format("routingGroup: {}", kIdRule));
  return entry;
}

// A parameter of the query string; empty when it is not there.
std::string ParameterOf(const Request& request, std::string_view name) {
  const auto mark = request.target.find('?');
  if (mark == std::string::npos) return {};
  for (const auto pair : SplitList(std::string_view(request.target).substr(mark + 1), '&')) {
    const auto equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) != name) continue;
    return DecodePercent(pair.substr(std::min(equals + 1, pair.size())), true).value_or("");
  }
  return {};
}

// Into a group that is made if it is missing; out of the one that is shown for it.
Expected<void> MoveToGroup(admin::Batch& batch,
                           const std::string& backend_id,
                           const std::string& group_id) {
  std::string shown;
  batch.declared().ForEach<model::Group>([&](const model::Group& group) {
    if (Names(group, backend_id) && (shown.empty() || group.id < shown)) shown = group.id;
  });
  if (shown == group_id) return {};
  const auto* target = batch.Find<model::Group>(group_id);
  if (!target) {
    model::Group group;
    group.id = group_id;
    group.backends = {backend_id};
    auto put = batch.Put(std::move(group), {Existence::kMustNotExist, {}});
    if (!put) return put;
  } else if (!Names(*target, backend_id)) {
    auto joined = batch.Edit<model::Group>(group_id,
                                           [&](model::Group& group) -> Expected<void> {
                                             group.backends.push_back(backend_id);
                                             return {};
                                           },
                                           {});
    if (!joined) return joined;
  }
  return shown.empty() ? Expected<void>() : LeaveGroup(batch, shown, backend_id);
}

// The text after `prefix`, decoded; nothing: another path, or nothing after it.
std::optional<std::string> After(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix) || path.size() == prefix.size()) return std::nullopt;
  return DecodePercent(path.substr(prefix.size()));
}

Response NothingHere() { return RestError(404, "not_found", "there is nothing at this address"); }

}  // namespace

bool TrinoGatewayApi::Owns(std::string_view path) {
  return path == "/gateway" || path.starts_with(kBackendPrefix) || path == kEntity ||
         path == kEntityBackends || path == kPublic ||
         path.starts_with(std::string(kPublic) + '/') || path == "/trino-gateway/livez" ||
         path == "/trino-gateway/readyz";
}

Role TrinoGatewayApi::RoleFor(const Request& request) {
  const auto path = request.path();
  if (path.starts_with(kPublic) || path.starts_with("/trino-gateway/")) return Role::kNone;
  if (request.IsRead()) return Role::kViewer;
  return path.starts_with("/gateway/backend/activate/") ||
                 path.starts_with("/gateway/backend/deactivate/")
             ? Role::kOperator
             : Role::kAdmin;
}

Blocking TrinoGatewayApi::BlockingOf(const Request& request) {
  if (!request.IsRead()) return Blocking::kYes;
  const auto path = request.path();
  const bool shows_backends =
      path.starts_with(kBackendPrefix) || path.starts_with(kPublic) || path == kEntityBackends;
  return shows_backends ? Blocking::kLong : Blocking::kNo;
}

Response TrinoGatewayApi::Handle(const Request& request, const admin::Caller& caller) const {
  if (request.IsRead()) return HandleRead(request);
  const auto path = request.path();
  if (request.method != "POST") return NothingHere();
  if (const auto name = After(path, "/gateway/backend/activate/")) {
    return SetActive(*name, true, caller);
  }
  if (const auto name = After(path, "/gateway/backend/deactivate/")) {
    return SetActive(*name, false, caller);
  }
  if (path == "/gateway/backend/modify/add") return Save(request, true, caller);
  if (path == "/gateway/backend/modify/update") return Save(request, false, caller);
  if (path == "/gateway/backend/modify/delete") {
    const bool force = ParameterOf(request, "force") == "true";
    return Delete(Trim(request.body), force ? Force::kYes : Force::kNo, caller);
  }
  if (path == kEntity) {
    if (ParameterOf(request, "entityType") != "GATEWAY_BACKEND") {
      return RestError(400, "invalid_argument", "entityType must be GATEWAY_BACKEND");
    }
    auto response = Save(request, false, caller);
    if (response.status == 200) response.body.clear();
    return response;
  }
  return NothingHere();
}

Response TrinoGatewayApi::HandleRead(const Request& request) const {
  const auto path = request.path();
  if (path == "/gateway") return Text(200, "ok");
  if (path == "/trino-gateway/livez") return Text(200, "ok");
  if (path == "/trino-gateway/readyz") {
    const auto reason = pages_.not_ready();
    return reason ? Text(503, "Trino Gateway is still initializing: " + *reason) : Text(200, "ok");
  }
  if (path == kEntity) return Show(json::array{"GATEWAY_BACKEND"});
  if (path.starts_with(std::string(kPublic) + '/'))
    return ShowPublic(path.substr(kPublic.size() + 1));
  const bool active_only = path == "/gateway/backend/active";
  if (!active_only && path != "/gateway/backend/all" && path != kEntityBackends &&
      path != kPublic) {
    return NothingHere();
  }
  const auto groups = service_.ListGroups();
  const auto first_groups = GroupsByBackend(*groups);
  json::array shown;
  for (const auto& view : service_.ListBackends()) {
    if (active_only && !view.backend.enabled) continue;
    const auto group = first_groups.find(view.backend.id);
    shown.push_back(ToJson(view, group == first_groups.end() ? "" : group->second));
  }
  return Show(shown);
}

Response TrinoGatewayApi::ShowPublic(std::string_view name_and_rest) const {
  constexpr std::string_view kState = "/state";
  const bool state = name_and_rest.ends_with(kState);
  if (state) name_and_rest.remove_suffix(kState.size());
  const auto name = DecodePercent(name_and_rest);
  const auto view = service_.GetBackend(name.value_or(""));
  if (!view) return RestError(view.error());
  const auto groups = service_.ListGroups();
  return Show(state ? StateOf(*view, *groups) : ToJson(*view, GroupOf(*groups, view->backend.id)));
}

Response TrinoGatewayApi::SetActive(std::string_view name,
                                    bool active,
                                    const admin::Caller& caller) const {
  const auto changed = service_.ChangeBackend(
      name,
      [&](model::Backend& backend) -> Expected<void> {
        backend.enabled = active;
        if (active) backend.draining = false;  // there active means that it gets queries
        return {};
      },
      {}, caller);
  if (changed) return Text(200, "");
  if (changed.error().code != ErrorCode::kNotFound) return RestError(changed.error());
  return Text(404, fmt::format("No cluster found with name: {}, could not {}activate", name,
                               active ? "" : "de"));
}

Response TrinoGatewayApi::Save(const Request& request,
                               bool must_be_new,
                               const admin::Caller& caller) const {
  const auto entry = ParseEntry(request.body);
  if (!entry) return RestError(entry.error());
  const auto& id = entry->backend.id;
  const auto save = [&](admin::Batch& batch) -> Expected<void> {
    const auto precondition = must_be_new ? Existence::kMustNotExist : Existence::kAny;
    const bool known = !must_be_new && batch.Find<model::Backend>(id) != nullptr;
    auto saved = known ? batch.Edit<model::Backend>(id,
                                                    [&](model::Backend& backend) -> Expected<void> {
                                                      entry->Into(backend);
                                                      return {};
                                                    },
                                                    {})
                       : batch.Put(entry->backend, {precondition, {}});
    return saved ? MoveToGroup(batch, id, entry->group) : saved;
  };
  if (auto saved = service_.Together({"backend", id}, caller, save); !saved) {
    return RestError(saved.error());
  }
  const auto view = service_.GetBackend(id);
  if (!view) return RestError(view.error());
  return Show(ToJson(*view, GroupOf(*service_.ListGroups(), id)));
}

Response TrinoGatewayApi::Delete(std::string_view name,
                                 Force force,
                                 const admin::Caller& caller) const {
  const auto deleted = service_.DeleteWithMemberships(name, force, caller);
  // Not there: that API says 200 as well.
  if (!deleted && deleted.error().code != ErrorCode::kNotFound) return RestError(deleted.error());
  return Text(200, "");
}

}  // namespace gateway::rpc
