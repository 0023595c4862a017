// Targets of any bytes, as `METHOD target`: what is let through must mean the same to a backend
// that decodes it, and a tag must change nothing but where it goes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/strings.h"
#include "protocol/endpoint.h"

namespace {

using gateway::protocol::Classify;
using gateway::protocol::Endpoint;
using gateway::protocol::EndpointKind;

void Require(bool holds) {
  if (!holds) std::abort();
}

bool IsWithin(std::string_view view, std::string_view text) {
  return view.empty() ||
         (view.data() >= text.data() && view.data() + view.size() <= text.data() + text.size());
}

// The path as a backend that decodes before it looks at segments would see it.
std::string Decoded(std::string_view path) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto lower = gateway::ToLower(path);
  std::string decoded;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto high = i + 2 < path.size() ? kDigits.find(lower[i + 1]) : std::string_view::npos;
    const auto low = i + 2 < path.size() ? kDigits.find(lower[i + 2]) : std::string_view::npos;
    if (path[i] != '%' || high == std::string_view::npos || low == std::string_view::npos) {
      decoded += path[i];
    } else {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return decoded;
}

void CheckPath(std::string_view path) {
  Require(path.starts_with('/'));
  auto decoded = Decoded(path);
  Require(std::ranges::count(decoded, '/') == std::ranges::count(path, '/'));
  Require(decoded.find_first_of(std::string_view("\\\0", 2)) == std::string::npos);
  decoded += '/';
  Require(!decoded.contains("/./") && !decoded.contains("/../"));
}

void CheckTag(std::string_view method, const Endpoint& endpoint) {
  const auto tagged_target = "/~c1" + std::string(endpoint.target);
  const auto tagged = Classify(method, tagged_target);
  Require(tagged.tag == "c1" && tagged.kind == endpoint.kind);
  Require(tagged.target == endpoint.target && tagged.query_id == endpoint.query_id);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto blank = std::min(text.find(' '), text.size());
  const auto method = text.substr(0, blank);
  const auto target = text.substr(std::min(blank + 1, text.size()));

  const auto endpoint = Classify(method, target);
  for (const auto view : {endpoint.tag, endpoint.target, endpoint.query_id}) {
    Require(IsWithin(view, target));
  }
  Require(endpoint.allow.empty() == (endpoint.kind != EndpointKind::kBadMethod));
  if (endpoint.kind == EndpointKind::kUnknown) return 0;
  Require(target.ends_with(endpoint.target));
  if (method == "CONNECT" || method == "TRACE") Require(endpoint.kind == EndpointKind::kBadMethod);
  Require(endpoint.tag.empty() || gateway::IsValidId(endpoint.tag));
  CheckPath(endpoint.target.substr(0, endpoint.target.find('?')));
  CheckTag(method, endpoint);
  return 0;
}
