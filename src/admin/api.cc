#include "admin/api.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

namespace gateway::admin {
namespace {

constexpr std::string_view kId = "{id}";

bool IsRead(std::string_view method) { return method == "GET" || method == "HEAD"; }

std::string_view PathOf(const Request& request) {
  const std::string_view target = request.target;
  return target.substr(0, target.find('?'));
}

// The id in `path`, empty when the route has none; nothing when the route is another. Ids hold no
// character that a URI would escape, so nothing is unescaped.
std::optional<std::string_view> Match(const Route& route, std::string_view path) {
  if (!route.path.ends_with(kId)) {
    if (path != route.path) return std::nullopt;
    return std::string_view();
  }
  const auto prefix = route.path.substr(0, route.path.size() - kId.size());
  if (!path.starts_with(prefix)) return std::nullopt;
  const auto id = path.substr(prefix.size());
  if (id.empty() || id.find('/') != std::string_view::npos) return std::nullopt;
  return id;
}

Response NotAllowed(std::string_view method, std::string allow) {
  auto response = ErrorResponse(405, "method_not_allowed",
                                fmt::format("{} is not allowed here; allowed: {}", method, allow));
  response.allow = std::move(allow);
  return response;
}

Response ToResponse(const Refusal& refusal) {
  auto response = ErrorResponse(refusal.status, refusal.code, refusal.message);
  response.ask_for_token = refusal.status == 401;
  return response;
}

}  // namespace

Api::Api(Access access, AdminService& service, ServerCallbacks callbacks, telemetry::Logger& logger)
    : access_(access), service_(service), callbacks_(std::move(callbacks)), logger_(logger) {}

bool Api::Blocks(const Request& request) { return !IsRead(request.method); }

Response Api::Handle(const Request& request) const {
  // Before the route is looked for, so that without the token not even the paths are told.
  if (PathOf(request).starts_with("/api/")) {
    const bool write = !IsRead(request.method);
    if (const auto refusal = access_.Check(request, write)) {
      if (write) {
        logger_.Event(telemetry::Level::kInfo, "admin.refused",
                      {{"method", request.method},
                       {"path", PathOf(request)},
                       {"client", request.client},
                       {"result", refusal->code}});
      }
      return ToResponse(*refusal);
    }
  }
  return Dispatch(request);
}

Response Api::Dispatch(const Request& request) const {
  const auto path = PathOf(request);
  const auto method = request.method == "HEAD" ? std::string_view("GET") : request.method;
  std::string allow;
  for (const auto& route : Routes()) {
    const auto id = Match(route, path);
    if (!id) continue;
    if (route.method == method) return route.handle({request, *id, service_, callbacks_});
    if (!allow.empty()) allow += ", ";
    allow += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  if (!allow.empty()) return NotAllowed(request.method, std::move(allow));
  return ErrorResponse(404, "not_found", "there is nothing at this address; GET / lists what is");
}

}  // namespace gateway::admin
