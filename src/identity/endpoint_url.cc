#include "identity/endpoint_url.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"

namespace gateway::identity {
namespace {

constexpr std::size_t kMaxBytes = 2048;

std::unexpected<Error> Refuse(std::string_view text) {
  return Fail(
      ErrorCode::kInvalidArgument,
      fmt::format("'{}' is not allowed; allowed: https://host[:port][/path], or http:// for "
                  "loopback addresses only; without user and fragment",
                  text.substr(0, 256)));
}

bool IsUrlCharacter(char c) { return c > ' ' && c < 0x7f && c != '#' && c != '"' && c != '\\'; }

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool IsUnreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

Expected<EndpointUrl> ParseEndpointUrl(std::string_view text) {
  const auto scheme = text.find("://");
  if (text.size() > kMaxBytes || scheme == std::string_view::npos ||
      !std::ranges::all_of(text, IsUrlCharacter)) {
    return Refuse(text);
  }
  const auto path = std::min(text.find_first_of("/?", scheme + 3), text.size());
  auto origin = ParseUrl(text.substr(0, path));
  if (!origin || (!origin->tls && !IsLoopback(origin->host))) return Refuse(text);
  std::string target(text.substr(path));
  if (!target.starts_with('/')) target.insert(0, "/");
  return EndpointUrl{*std::move(origin), std::move(target)};
}

bool IsLoopback(std::string_view host) {
  return EqualsIgnoreCase(host, "localhost") || host == "::1" ||
         (host.starts_with("127.") &&
          host.find_first_not_of("0123456789.") == std::string_view::npos);
}

std::string PercentEncode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (IsUnreserved(c)) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::string PercentDecode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool room = i + 2 < text.size();
    const int high = room ? HexValue(text[i + 1]) : -1;
    const int low = room ? HexValue(text[i + 2]) : -1;
    if (text[i] == '%' && high >= 0 && low >= 0) {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

}  // namespace gateway::identity
