#include "rpc/origin_form.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"

namespace gateway::rpc {
namespace {

constexpr std::size_t kShown = 128;

std::unexpected<Error> Malformed(std::string message) {
  return Fail(ErrorCode::kProtocol, std::move(message), Origin::kClient);
}

// HOST[:PORT], without what would make it something else for a reader that is less strict.
bool IsAuthority(std::string_view text) {
  constexpr std::string_view kElsewhere = "/\\?#@,\"<>";
  return std::ranges::all_of(
      text, [&](char c) { return c > ' ' && c < 0x7f && !kElsewhere.contains(c); });
}

// The length of "http://" or "https://" before a target; 0: there is none.
std::size_t SchemeLength(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (EqualsIgnoreCase(target.substr(0, scheme.size()), scheme)) return scheme.size();
  }
  return 0;
}

}  // namespace

Expected<void> TakeOriginForm(Request& request, std::size_t host_lines, bool http11) {
  if (host_lines > 1 || (http11 && host_lines == 0)) {
    return Malformed(fmt::format("a request must have one header Host, not {}", host_lines));
  }
  if (!IsAuthority(request.host)) {
    return Malformed(
        fmt::format("Host '{}' is not HOST or HOST:PORT", request.host.substr(0, kShown)));
  }
  if (const auto scheme = SchemeLength(request.target)) {
    const auto target = std::string_view(request.target).substr(scheme);
    const auto end = std::min(target.find_first_of("/?"), target.size());
    const auto host = target.substr(0, end);
    if (host.empty() || !IsAuthority(host)) {
      return Malformed(fmt::format("the target names the host '{}', which is not HOST or HOST:PORT",
                                   host.substr(0, kShown)));
    }
    auto path = std::string(target.substr(end));
    if (!path.starts_with('/')) path.insert(0, "/");
    request.host = std::string(host);
    request.target = std::move(path);
  }
  if (request.target.starts_with('/') || request.target == "*") return {};
  return Malformed(fmt::format("the target '{}' is no path", request.target.substr(0, kShown)));
}

}  // namespace gateway::rpc
