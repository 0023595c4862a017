#include "rpc/pages.h"

#include <string_view>
#include <utility>

#include "rpc/embedded.h"

namespace gateway::rpc {
namespace {

constexpr std::string_view kText = "text/plain";

// Swagger UI sets styles on elements and shows images it made itself; it needs nothing from
// outside.
constexpr std::string_view kSwaggerPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' "
    "data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr std::string_view kIndex = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>trino-gateway</title></head><body>
<h1>trino-gateway</h1>
<ul>
<li><a href="/swagger/">/swagger/</a>: the API, to read and to try out; <a href="/openapi.json">/openapi.json</a>
<li><a href="/api/v1/health">/api/v1/health</a>: health of all backends
<li><a href="/api/v1/routing">/api/v1/routing</a>: where new queries go now, and why not elsewhere
<li><a href="/livez">/livez</a>: does the process answer?
<li><a href="/readyz">/readyz</a>: may queries be sent here? 503 with the reason if not
<li><a href="/metrics">/metrics</a>: metrics in the Prometheus text format
</ul></body></html>
)";

Response Ready(const PageCallbacks& callbacks) {
  if (const auto reason = callbacks.not_ready()) return {503, *reason + "\n", kText};
  return {200, "ready\n", kText};
}

}  // namespace

std::optional<Response> FindPage(const Request& request, const PageCallbacks& callbacks) {
  const auto path = request.path();
  if (path == "/livez") return Response{200, "ok\n", kText};
  if (path == "/readyz") return Ready(callbacks);
  if (path == "/metrics") {
    return Response{.content_type = "text/plain; version=0.0.4; charset=utf-8",
                    .shared = callbacks.metrics()};
  }
  if (path == "/") return Response{.content_type = "text/html; charset=utf-8", .file = kIndex};
  if (path == "/swagger") return Response{308, "", kText, {{"Location", "/swagger/"}}};
  const auto file = FindEmbedded(path);
  if (!file) return std::nullopt;
  Response response{.content_type = file->content_type, .file = file->content};
  if (path.starts_with("/swagger/")) {
    response.headers.emplace_back("Content-Security-Policy", kSwaggerPolicy);
  }
  return response;
}

}  // namespace gateway::rpc
