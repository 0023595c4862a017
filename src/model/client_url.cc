#include "model/client_url.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "base/url.h"

namespace gateway::model {
namespace {

// What stands in a JSON string as it is, and begins no query.
bool IsPlain(std::string_view path) {
  return std::ranges::none_of(path, [](char c) { return c == '"' || c == '\\' || c == '?'; });
}

// Nothing: it is no URL, or one with more than a path.
std::optional<HttpLocation> LocationOf(const Backend& backend) {
  const auto& text = backend.external_url;
  // Systems that this one takes over from declare `host:port` alone.
  const bool absolute = text.find("://") != std::string::npos;
  const auto* scheme = backend.url.tls ? "https://" : "http://";
  auto location = ParseHttpLocation(absolute ? text : scheme + text);
  if (!location || !IsPlain(location->target)) return std::nullopt;
  return *std::move(location);
}

}  // namespace

Expected<void> CheckExternalUrl(const Backend& backend) {
  constexpr std::size_t kShown = 256;
  if (backend.external_url.empty() || LocationOf(backend)) return {};
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("external_url '{}' is not allowed: write http://host[:port][/path], "
                          "https://host[:port][/path] or host[:port], without user, query and "
                          "fragment",
                          backend.external_url.substr(0, kShown)),
              Origin::kClient);
}

std::string ClientUrl(const Backend& backend) {
  if (backend.external_url.empty()) return backend.url.ToString();
  const auto location = LocationOf(backend);
  if (!location) return backend.url.ToString();
  auto url = location->ToString();
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace gateway::model
