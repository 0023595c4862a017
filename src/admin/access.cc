#include "admin/access.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "base/strings.h"

namespace gateway::admin {
namespace {

// A browser sends Origin with every request of a page that could change something, and a page
// cannot forge it. Other programs send none.
bool IsForeignOrigin(const Request& request) {
  if (request.origin.empty()) return false;
  std::string_view origin = request.origin;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) {
      return !EqualsIgnoreCase(origin.substr(scheme.size()), request.host);
    }
  }
  return true;  // "null" and whatever else
}

// A page can point a name of its own at 127.0.0.1 (DNS rebinding): its Origin and Host agree then,
// but Host is not one of the names by which a loopback address is known.
bool IsLoopbackHost(std::string_view host) {
  const auto colon = host.rfind(':');
  const auto name = host.ends_with(']') ? host : host.substr(0, colon);
  return EqualsIgnoreCase(name, "localhost") || name == "[::1]" ||
         (name.starts_with("127.") &&
          name.find_first_not_of("0123456789.") == std::string_view::npos);
}

}  // namespace

Access::Access(std::string_view token, bool loopback)
    : token_needed_(!token.empty()), loopback_(loopback), token_(DigestOf(token)) {}

std::optional<Refusal> Access::Check(const Request& request, bool write) const {
  if (token_needed_ && !HasToken(request)) {
    return Refusal{401, "unauthorized",
                   "the token is missing or wrong: send it as 'X-Auth-Key: TOKEN' or "
                   "'Authorization: Bearer TOKEN'"};
  }
  if (!write) return std::nullopt;
  if (IsForeignOrigin(request)) {
    return Refusal{403, "forbidden", "changes from pages of other sites are not allowed"};
  }
  if (!token_needed_ && (!loopback_ || !IsLoopbackHost(request.host))) {
    return Refusal{403, "forbidden", "set admin.token in the configuration to allow changes"};
  }
  return std::nullopt;
}

bool Access::HasToken(const Request& request) const {
  if (IsToken(request.auth_key)) return true;
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view value = request.authorization;
  return value.size() > kBearer.size() &&
         EqualsIgnoreCase(value.substr(0, kBearer.size()), kBearer) &&
         IsToken(Trim(value.substr(kBearer.size())));
}

bool Access::IsToken(std::string_view candidate) const {
  const auto digest = DigestOf(candidate);
  return CRYPTO_memcmp(digest.data(), token_.data(), token_.size()) == 0;
}

Access::Digest Access::DigestOf(std::string_view token) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return digest;
}

}  // namespace gateway::admin
