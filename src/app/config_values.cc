#include "app/config_values.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/strings.h"
#include "store/store_url.h"

namespace gateway::app {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array kTimeUnits = {Unit{"ms", 1}, Unit{"s", 1'000}, Unit{"m", 60'000},
                                   Unit{"h", 3'600'000}};
constexpr std::array kSizeUnits = {Unit{"", 1}, Unit{"KiB", 1024}, Unit{"MiB", 1024 * 1024}};
constexpr std::uint64_t kMaxDurationMs = 24 * 3'600'000;

std::unexpected<Error> Refuse(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

// A number and one of `units` right behind it; nothing for anything else and on overflow.
template <typename Units>
std::optional<std::uint64_t> ParseMeasure(std::string_view text, const Units& units) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = ParseDecimal(text.substr(0, digits));
  const auto unit = std::ranges::find(units, text.substr(digits), &Unit::name);
  if (!number || unit == units.end()) return std::nullopt;
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(*number, unit->factor, &product)) return std::nullopt;
  return product;
}

std::string ShowSize(std::size_t bytes) {
  if (bytes != 0 && bytes % (1024 * 1024) == 0) return fmt::format("{}MiB", bytes / (1024 * 1024));
  if (bytes != 0 && bytes % 1024 == 0) return fmt::format("{}KiB", bytes / 1024);
  return fmt::format("{}", bytes);
}

std::string ShowDuration(std::chrono::milliseconds time) {
  if (time.count() % 1'000 == 0) return fmt::format("{}s", time.count() / 1'000);
  return fmt::format("{}ms", time.count());
}

bool IsPrintable(std::string_view text, char first) {
  return std::ranges::all_of(text, [first](char c) { return c >= first && c <= '~'; });
}

// The address in its shortest form, so that two spellings of one address compare equal.
std::optional<std::string> CanonicalIp(const std::string& host, bool ipv6) {
  if (host == "localhost" && !ipv6) return "127.0.0.1";
  in6_addr binary{};  // large enough for both
  const int family = ipv6 ? AF_INET6 : AF_INET;
  char shortest[INET6_ADDRSTRLEN];
  if (host.find('\0') != std::string::npos || inet_pton(family, host.c_str(), &binary) != 1 ||
      !inet_ntop(family, &binary, shortest, sizeof(shortest))) {
    return std::nullopt;
  }
  return shortest;
}

}  // namespace

Expected<std::chrono::milliseconds> ParseDuration(std::string_view text,
                                                  std::chrono::milliseconds minimum) {
  const auto count = ParseMeasure(text, kTimeUnits);
  if (count && *count <= kMaxDurationMs) {
    const std::chrono::milliseconds time(*count);
    if (time >= minimum) return time;
  }
  return Refuse(
      fmt::format("'{}' is not allowed; allowed: a duration such as 500ms, 10s, 2m or "
                  "1h, from {} to 24h",
                  text, ShowDuration(minimum)));
}

Expected<std::size_t> ParseSize(std::string_view text, std::size_t minimum, std::size_t maximum) {
  const auto size = ParseMeasure(text, kSizeUnits);
  if (size && *size >= minimum && *size <= maximum) return *size;
  return Refuse(
      fmt::format("'{}' is not allowed; allowed: a size such as 64KiB, 1MiB or plain "
                  "bytes, from {} to {}",
                  text, ShowSize(minimum), ShowSize(maximum)));
}

Expected<std::uint64_t> ParseCount(std::string_view text,
                                   std::uint64_t minimum,
                                   std::uint64_t maximum) {
  const auto count = ParseDecimal(text);
  if (count && *count >= minimum && *count <= maximum) return *count;
  return Refuse(fmt::format("'{}' is not allowed; allowed: a whole number from {} to {}", text,
                            minimum, maximum));
}

Expected<bool> ParseBool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return Refuse(fmt::format("'{}' is not allowed; allowed: true, false", text));
}

Expected<Address> ParseAddress(std::string_view text) {
  const auto colon = text.rfind(':');
  auto host = text.substr(0, colon);
  const bool ipv6 = host.starts_with('[') && host.ends_with(']');
  if (ipv6) host = host.substr(1, host.size() - 2);
  const auto port =
      colon == std::string_view::npos ? std::nullopt : ParseDecimal(text.substr(colon + 1));
  auto ip = CanonicalIp(std::string(host), ipv6);
  if (ip && port && *port <= 65535) {
    return Address{*std::move(ip), static_cast<std::uint16_t>(*port)};
  }
  return Refuse(fmt::format(
      "'{}' is not an address; allowed: IP:PORT such as 127.0.0.1:8080, "
      "0.0.0.0:8080 or [::1]:8080, or localhost:PORT; port 0 to 65535 (0: any free one)",
      text));
}

Expected<std::string> ParseId(std::string_view text) {
  if (IsValidId(text)) return std::string(text);
  return Refuse(fmt::format("'{}' is not an id; allowed: {}", text, kIdRule));
}

Expected<std::string> ParseText(std::string_view text) { return std::string(text); }

Expected<std::string> ParseUser(std::string_view text) {
  if (IsPrintable(text, ' ')) return std::string(text);
  return Refuse(fmt::format("'{}' is not allowed; allowed: printable ASCII characters", text));
}

Expected<telemetry::AccessLogOptions::Mode> ParseAccessMode(std::string_view text) {
  using Mode = telemetry::AccessLogOptions::Mode;
  if (text == "off") return Mode::kOff;
  if (text == "sampled") return Mode::kSampled;
  if (text == "all") return Mode::kAll;
  return Refuse(fmt::format("'{}' is not allowed; allowed: off, sampled, all", text));
}

Expected<bool> ParseListenerAuth(std::string_view text) {
  if (text == "none") return false;
  if (text == "delegated") return true;
  return Refuse(fmt::format("'{}' is not allowed; allowed: none, delegated", text));
}

Expected<bool> ParseTransactions(std::string_view text) {
  if (text == "route") return false;
  if (text == "refuse") return true;
  return Refuse(fmt::format("'{}' is not allowed; allowed: route, refuse", text));
}

Expected<std::string> ParseHeaderName(std::string_view text) {
  if (auto valid = model::ValidateHeaderName(text); !valid) {
    return std::unexpected(std::move(valid).error());
  }
  return std::string(text);
}

Expected<std::string> ParseToken(std::string_view text) {
  if (IsPrintable(text, '!')) return std::string(text);
  return Refuse(
      "the token (not shown) cannot be sent in a header; allowed: printable ASCII "
      "characters without blanks");
}

Expected<std::string> ParseSecret(std::string_view text) {
  if (IsPrintable(text, ' ')) return std::string(text);
  return Refuse("the secret (not shown) is not allowed; allowed: printable ASCII characters");
}

Expected<std::string> ParseStoreUrl(std::string_view text) {
  constexpr std::string_view kPrefix = "store url: ";
  const auto parsed = store::ParseStoreUrl(text);
  if (parsed) return std::string(text);
  auto reason = parsed.error().message;
  if (reason.starts_with(kPrefix)) reason.erase(0, kPrefix.size());
  return Refuse("the URL (not shown) is wrong: " + reason);
}

}  // namespace gateway::app
