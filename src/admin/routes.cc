#include "admin/routes.h"

#include <array>

#include <fmt/format.h>

#include "admin/json.h"

namespace gateway::admin {
namespace {

unsigned StatusOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kConflict:
    case ErrorCode::kAmbiguous:
      return 409;
    case ErrorCode::kTooLarge:
      return 413;
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
      return 503;
    default:
      return 500;
  }
}

Response Refused(const Error& error) {
  return ErrorResponse(StatusOf(error.code), NameOf(error.code), error.message);
}

template <typename T>
Response Shown(const Expected<T>& object, unsigned status = 200) {
  if (!object) return Refused(object.error());
  return {status, ToJson(*object)};
}

Response Deleted(const Expected<void>& result) {
  if (!result) return Refused(result.error());
  return {204, ""};
}

// `create` is the service's method for what was parsed.
template <typename T, typename Created>
Response CreatedFrom(const Call& call,
                     const Expected<T>& parsed,
                     Expected<Created> (AdminService::*create)(const T&, const Caller&)) {
  if (!parsed) return Refused(parsed.error());
  return Shown((call.service.*create)(*parsed, {call.request.client}), 201);
}

Response Ready(const Call& call) {
  if (const auto reason = call.callbacks.not_ready()) return {503, *reason + "\n", "text/plain"};
  return {200, "ready\n", "text/plain"};
}

Response Index(const Call&) {
  std::string page =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>trino-gateway</title>"
      "</head><body><h1>trino-gateway</h1><table>\n";
  for (const auto& route : Routes()) {
    const bool link = route.method == "GET" && !route.path.ends_with('}');
    const auto path =
        link ? fmt::format("<a href=\"{0}\">{0}</a>", route.path) : std::string(route.path);
    page += fmt::format("<tr><td>{}<td><code>{}</code><td>{}</tr>\n", route.method, path,
                        route.summary);
  }
  page += "</table></body></html>\n";
  return {200, page, "text/html; charset=utf-8"};
}

constexpr std::array kRoutes = {
    Route{"GET", "/", Index, "this page"},
    Route{"GET", "/livez", [](const Call&) { return Response{200, "ok\n", "text/plain"}; },
          "does the process answer?"},
    Route{"GET", "/readyz", Ready, "may queries be sent here? 503 with the reason if not"},
    Route{"GET", "/metrics",
          [](const Call& call) {
            return Response{200, call.callbacks.metrics(),
                            "text/plain; version=0.0.4; charset=utf-8"};
          },
          "metrics in the Prometheus text format"},
    Route{"GET", "/api/v1/health",
          [](const Call& call) { return Response{200, ToJson(call.service.Health())}; },
          "health of all backends"},
    Route{"GET", "/api/v1/routing",
          [](const Call& call) { return Response{200, ToJson(call.service.Routing())}; },
          "where new queries go now, and why not elsewhere"},

    Route{"GET", "/api/v1/backends",
          [](const Call& call) { return Response{200, ToJson(call.service.ListBackends())}; },
          "all backends"},
    Route{"POST", "/api/v1/backends",
          [](const Call& call) {
            return CreatedFrom(call, ParseBackend(call.request.body), &AdminService::CreateBackend);
          },
          "add a backend"},
    Route{"GET", "/api/v1/backends/{id}",
          [](const Call& call) { return Shown(call.service.GetBackend(call.id)); }, "one backend"},
    Route{"DELETE", "/api/v1/backends/{id}",
          [](const Call& call) {
            return Deleted(call.service.DeleteBackend(call.id, {call.request.client}));
          },
          "delete a backend"},

    Route{"GET", "/api/v1/groups",
          [](const Call& call) { return Response{200, ToJson(call.service.ListGroups())}; },
          "all groups"},
    Route{"POST", "/api/v1/groups",
          [](const Call& call) {
            return CreatedFrom(call, ParseGroup(call.request.body), &AdminService::CreateGroup);
          },
          "add a group"},
    Route{"GET", "/api/v1/groups/{id}",
          [](const Call& call) { return Shown(call.service.GetGroup(call.id)); }, "one group"},
    Route{"DELETE", "/api/v1/groups/{id}",
          [](const Call& call) {
            return Deleted(call.service.DeleteGroup(call.id, {call.request.client}));
          },
          "delete a group"},

    Route{"GET", "/api/v1/policies",
          [](const Call& call) { return Response{200, ToJson(call.service.ListPolicies())}; },
          "all policies"},
    Route{"POST", "/api/v1/policies",
          [](const Call& call) {
            return CreatedFrom(call, ParsePolicy(call.request.body), &AdminService::CreatePolicy);
          },
          "add a policy"},
    Route{"GET", "/api/v1/policies/{id}",
          [](const Call& call) { return Shown(call.service.GetPolicy(call.id)); }, "one policy"},
    Route{"DELETE", "/api/v1/policies/{id}",
          [](const Call& call) {
            return Deleted(call.service.DeletePolicy(call.id, {call.request.client}));
          },
          "delete a policy"},
};

}  // namespace

std::span<const Route> Routes() { return kRoutes; }

Response ErrorResponse(unsigned status, std::string_view code, std::string_view message) {
  return {status, ErrorJson(code, message)};
}

}  // namespace gateway::admin
