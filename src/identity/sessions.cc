#include "identity/sessions.h"

#include <vector>

#include <fmt/format.h>

#include "base/strings.h"

namespace gateway::identity {
namespace {

constexpr std::size_t kMaxValueBytes = 1024;
constexpr std::size_t kParts = 5;  // without the signature

std::unexpected<Error> Ended() {
  return Fail(ErrorCode::kUnauthenticated, "the session has ended: log in again", Origin::kClient);
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

}  // namespace

std::string_view FindCookie(std::string_view header, std::string_view name) {
  for (const auto pair : SplitList(header, ';')) {
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      return pair.substr(equals + 1);
    }
  }
  return {};
}

std::string CookieHeader(std::string_view name,
                         std::string_view value,
                         std::chrono::seconds lifetime,
                         bool secure) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{}", name, value,
                     lifetime.count(), secure ? "; Secure" : "");
}

Sessions::Sessions(std::string_view key,
                   std::chrono::seconds lifetime,
                   bool secure,
                   const Clock& clock)
    : key_(HmacSha256(key, "trino-gateway session 1")),
      lifetime_(lifetime),
      secure_(secure),
      clock_(clock) {}

std::string Sessions::Begin(const Principal& principal) const {
  return CookieHeader(cookie_name(), ValueFor(principal), lifetime_, secure_);
}

std::string Sessions::ValueFor(const Principal& principal) const {
  auto value = fmt::format("1.{}.{}.{}.{}", (Now() + lifetime_).count(), NameOf(principal.role),
                           principal.via, ToBase64Url(principal.name));
  const auto signature = HmacSha256(BytesOf(key_), value);
  return value + '.' + ToBase64Url(BytesOf(signature));
}

Expected<Principal> Sessions::Read(std::string_view value) const {
  const auto last = value.rfind('.');
  if (value.size() > kMaxValueBytes || last == std::string_view::npos) return Ended();
  const auto content = value.substr(0, last);
  const auto signature = FromBase64Url(value.substr(last + 1));
  const auto expected = HmacSha256(BytesOf(key_), content);
  Digest given{};
  if (!signature || signature->size() != given.size()) return Ended();
  signature->copy(reinterpret_cast<char*>(given.data()), given.size());
  if (!SameDigest(given, expected)) return Ended();
  // From here on it is what ValueFor() wrote.
  const auto parts = Split(content, '.');
  if (parts.size() != kParts || parts[0] != "1") return Ended();
  const auto expiry = ParseDecimal(parts[1]);
  const auto role = ParseRole(parts[2]);
  auto name = FromBase64Url(parts[4]);
  if (!expiry || !role || !name) return Ended();
  if (*expiry <= static_cast<std::uint64_t>(Now().count())) return Ended();
  return Principal{*std::move(name), *role, std::string(parts[3])};
}

std::chrono::seconds Sessions::Now() const {
  return std::chrono::floor<std::chrono::seconds>(clock_.WallNow().time_since_epoch());
}

}  // namespace gateway::identity
