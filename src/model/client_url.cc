#include "model/client_url.h"

#include <algorithm>
#include <string_view>

namespace gateway::model {
namespace {

// What stands in a JSON string as it is, and begins no query.
bool IsPlain(std::string_view path) {
  return std::ranges::none_of(path, [](char c) { return c == '"' || c == '\\' || c == '?'; });
}

}  // namespace

std::string ClientUrl(const Backend& backend) {
  const auto& text = backend.external_url;
  if (text.empty()) return backend.url.ToString();
  // Systems that this one takes over from declare `host:port` alone.
  const bool absolute = text.find("://") != std::string::npos;
  const auto* scheme = backend.url.tls ? "https://" : "http://";
  const auto location = ParseHttpLocation(absolute ? text : scheme + text);
  if (!location || !IsPlain(location->target)) return backend.url.ToString();
  auto url = location->ToString();
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace gateway::model
