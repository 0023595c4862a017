#include "base/url.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"

namespace gateway {
namespace {

bool IsHostCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
         c == '.' || c == '_';
}

bool IsIpv6Character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f') || c == ':' ||
         c == '.';
}

std::unexpected<Error> Refuse(std::string_view text) {
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("'{}' is not an address: write http://host:port or https://host:port, "
                          "without user, path or query",
                          text));
}

}  // namespace

std::string Url::Authority() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  auto text = ipv6 ? "[" + host + "]" : host;
  if (port != (tls ? 443 : 80)) text.append(":").append(std::to_string(port));
  return text;
}

std::string Url::ToString() const {
  // Asked for each request: plain appending takes a fraction of what formatting does.
  return (tls ? "https://" : "http://") + Authority();
}

Expected<Url> ParseUrl(std::string_view text) {
  Url url;
  auto rest = text;
  if (rest.starts_with("https://")) {
    url.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return Refuse(text);
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);

  std::string_view host;
  if (rest.starts_with('[')) {
    const auto close = rest.find(']');
    if (close == std::string_view::npos) return Refuse(text);
    host = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    if (!std::ranges::all_of(host, IsIpv6Character)) return Refuse(text);
  } else {
    host = rest.substr(0, rest.find(':'));
    rest.remove_prefix(host.size());
    if (!std::ranges::all_of(host, IsHostCharacter)) return Refuse(text);
  }
  if (host.empty()) return Refuse(text);

  url.port = url.tls ? 443 : 80;
  if (!rest.empty()) {
    const auto port = rest.starts_with(':') ? ParseDecimal(rest.substr(1)) : std::nullopt;
    if (!port || *port == 0 || *port > 65535) return Refuse(text);
    url.port = static_cast<std::uint16_t>(*port);
  }
  url.host = ToLower(host);
  return url;
}

Expected<HttpLocation> ParseHttpLocation(std::string_view text) {
  const auto scheme_end = text.find("://");
  const auto host = scheme_end == std::string_view::npos ? text.size() : scheme_end + 3;
  const auto target = std::min(text.find_first_of("/?", host), text.size());
  auto url = ParseUrl(text.substr(0, target));
  const bool printable =
      std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
  if (!url || !printable) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is not an address: write http://host:port/path or "
                            "https://host:port/path, without user and fragment",
                            text));
  }
  HttpLocation location{*std::move(url), std::string(text.substr(target))};
  if (!location.target.starts_with('/')) location.target.insert(0, "/");
  return location;
}

}  // namespace gateway
