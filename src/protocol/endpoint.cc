#include "protocol/endpoint.h"

#include <algorithm>
#include <array>

#include "base/ranges.h"
#include "base/strings.h"
#include "protocol/query_id.h"

namespace gateway::protocol {
namespace {

constexpr std::string_view kReadAndCancel = "GET, HEAD, DELETE";
constexpr std::string_view kRead = "GET, HEAD";
constexpr std::string_view kBrowser = "GET, HEAD, POST, PUT, DELETE, OPTIONS";

// Not CONNECT, whose success would mean a tunnel, and not TRACE, which shows what others added.
bool IsBrowsers(std::string_view method) {
  constexpr std::array<std::string_view, 6> kMethods = {"GET", "HEAD",   "POST",
                                                        "PUT", "DELETE", "OPTIONS"};
  return Contains(kMethods, method);
}

bool IsRead(std::string_view method) { return method == "GET" || method == "HEAD"; }

// Blanks count too: a target with one would end early in a request line.
bool HasControlCharacter(std::string_view target) {
  return std::ranges::any_of(target, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f;
  });
}

// No byte of which anything could be ambiguous: so it is with nearly all paths.
bool IsPlain(std::string_view path) {
  char before = 0;
  for (const char c : path) {
    if (c == '%' || c == '\\' || c == '#' || c == ';' || (c == '.' && before == '/')) return false;
    before = c;
  }
  return true;
}

// Segments that a recipient might resolve to another path, and bytes that it might read as '/'.
bool IsAmbiguous(std::string_view path) {
  if (IsPlain(path)) return false;
  while (!path.empty()) {
    path.remove_prefix(1);  // '/'
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    std::string_view rest = segment;
    std::size_t dots = 0;
    while (!rest.empty()) {
      if (rest.front() == '.') {
        rest.remove_prefix(1);
      } else if (rest.size() >= 3 && EqualsIgnoreCase(rest.substr(0, 3), "%2e")) {
        rest.remove_prefix(3);
      } else {
        break;
      }
      ++dots;
    }
    if (rest.empty() && (dots == 1 || dots == 2)) return true;
    if (segment.find_first_of("\\#;") != std::string_view::npos) return true;
    for (std::size_t i = segment.find('%'); i != std::string_view::npos;
         i = segment.find('%', i + 1)) {
      const auto code = segment.substr(i, 3);
      if (EqualsIgnoreCase(code, "%2f") || EqualsIgnoreCase(code, "%5c") || code == "%00") {
        return true;
      }
    }
  }
  return false;
}

bool IsBelow(std::string_view path, std::string_view root) {
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

std::string_view FirstSegment(std::string_view path) { return path.substr(0, path.find('/')); }

Endpoint& Limit(Endpoint& endpoint, bool allowed, EndpointKind kind, std::string_view allow) {
  endpoint.kind = allowed ? kind : EndpointKind::kBadMethod;
  if (!allowed) endpoint.allow = allow;
  return endpoint;
}

std::string_view AnyQueryId(std::string_view path, std::string_view query) {
  if (IsQueryId(query)) return query;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto segment = FirstSegment(path);
    if (IsQueryId(segment)) return segment;
    path.remove_prefix(segment.size());
  }
  return {};
}

Endpoint& ClassifyStatement(Endpoint& endpoint, std::string_view method, std::string_view path) {
  if (path.empty() || path == "/") {
    if (method == "HEAD") {
      endpoint.kind = EndpointKind::kPing;
      return endpoint;
    }
    return Limit(endpoint, method == "POST", EndpointKind::kSubmit, "POST, HEAD");
  }
  for (const std::string_view stage : {"/executing/partialCancel/", "/executing/", "/queued/"}) {
    if (!path.starts_with(stage)) continue;
    endpoint.query_id = FirstSegment(path.substr(stage.size()));
    if (endpoint.query_id.empty()) return endpoint;
    return Limit(endpoint, IsRead(method) || method == "DELETE", EndpointKind::kPoll,
                 kReadAndCancel);
  }
  return endpoint;
}

}  // namespace

std::string_view NameOf(EndpointKind kind) {
  switch (kind) {
    case EndpointKind::kSubmit:
      return "statement";
    case EndpointKind::kPing:
      return "ping";
    case EndpointKind::kPoll:
      return "poll";
    case EndpointKind::kQuery:
      return "query";
    case EndpointKind::kUi:
      return "ui";
    case EndpointKind::kSpooled:
      return "spooled";
    case EndpointKind::kOauth2:
      return "oauth2";
    case EndpointKind::kBadMethod:
    case EndpointKind::kUnknown:
      return "other";
  }
  return "other";
}

Endpoint Classify(std::string_view method, std::string_view target) {
  Endpoint endpoint;
  endpoint.target = target;
  auto path = target.substr(0, target.find('?'));
  const auto query =
      path.size() < target.size() ? target.substr(path.size() + 1) : std::string_view();
  if (!path.starts_with('/') || HasControlCharacter(target) || IsAmbiguous(path)) return endpoint;

  if (path.starts_with(kTagMarker)) {
    endpoint.tag = FirstSegment(path.substr(kTagMarker.size()));
    const auto length = kTagMarker.size() + endpoint.tag.size();
    if (!IsValidId(endpoint.tag) || path.size() == length) return endpoint;
    path.remove_prefix(length);
    endpoint.target.remove_prefix(length);
  }

  if (path.starts_with("/v1/statement")) {
    if (IsBelow(path, "/v1/statement")) ClassifyStatement(endpoint, method, path.substr(13));
    return endpoint;
  }
  if (path.starts_with("/v1/query/")) {
    endpoint.query_id = path.substr(10);
    if (endpoint.query_id.empty() || endpoint.query_id.contains('/')) return endpoint;
    return Limit(endpoint, IsRead(method) || method == "DELETE", EndpointKind::kQuery,
                 kReadAndCancel);
  }
  if (path == "/v1/info" || path == "/v1/info/state" || path == "/v1/info/coordinator" ||
      path == "/v1/status") {
    return Limit(endpoint, IsRead(method), EndpointKind::kPing, kRead);
  }
  if (path == "/" || IsBelow(path, "/ui")) {
    endpoint.query_id = AnyQueryId(path, query);
    return Limit(endpoint, IsBrowsers(method), EndpointKind::kUi, kBrowser);
  }
  if (path.starts_with("/v1/spooled/")) {
    return Limit(endpoint, IsBrowsers(method), EndpointKind::kSpooled, kBrowser);
  }
  if (path.starts_with("/oauth2/")) {
    return Limit(endpoint, IsBrowsers(method), EndpointKind::kOauth2, kBrowser);
  }
  return endpoint;
}

}  // namespace gateway::protocol
