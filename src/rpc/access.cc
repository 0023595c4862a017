#include "rpc/access.h"

#include <openssl/evp.h>

#include "base/strings.h"
#include "identity/sessions.h"

namespace gateway::rpc {
namespace {

// "Bearer abc" -> "abc". Empty: another scheme.
std::string_view AfterScheme(std::string_view value, std::string_view scheme) {
  if (value.size() <= scheme.size() || value[scheme.size()] != ' ' ||
      !EqualsIgnoreCase(value.substr(0, scheme.size()), scheme)) {
    return {};
  }
  return Trim(value.substr(scheme.size()));
}

// Empty: not base64.
std::string DecodeBase64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return {};
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return {};
  out.resize(static_cast<std::size_t>(size));
  // The decoder counts what was padded.
  if (text.ends_with("=")) out.pop_back();
  if (text.ends_with("==")) out.pop_back();
  return out;
}

}  // namespace

identity::Credentials CredentialsOf(std::string_view auth_key, std::string_view authorization) {
  identity::Credentials credentials;
  credentials.token = auth_key;
  if (!credentials.token.empty() || authorization.empty()) return credentials;
  if (const auto basic = AfterScheme(authorization, "Basic"); !basic.empty()) {
    const auto pair = DecodeBase64(basic);
    const auto colon = pair.find(':');
    if (colon != std::string::npos && colon > 0) {
      credentials.user = pair.substr(0, colon);
      credentials.password = pair.substr(colon + 1);
      return credentials;
    }
  }
  const auto bearer = AfterScheme(authorization, "Bearer");
  credentials.token = bearer.empty() ? authorization : bearer;
  return credentials;
}

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

identity::Credentials Access::CredentialsIn(const Request& request) const {
  auto credentials = CredentialsOf(request.auth_key, request.authorization);
  credentials.session = identity::FindCookie(request.cookie, hooks_.session_cookie);
  credentials.client = request.client;
  return credentials;
}

bool Access::Blocks(const identity::Credentials& credentials) const {
  return !credentials.empty() && hooks_.blocks(credentials);
}

Expected<identity::Principal> Access::Admit(const identity::Credentials& credentials,
                                            std::string_view host,
                                            identity::Role role) const {
  if (role == identity::Role::kNone) return identity::Principal{"anonymous", role, "anonymous"};
  auto principal = credentials.empty() ? Expected<identity::Principal>(hooks_.anonymous(host))
                                       : hooks_.authenticate(credentials);
  if (!principal) return principal;
  if (auto authorized = identity::Authorize(*principal, role); !authorized) {
    return std::unexpected(authorized.error());
  }
  return principal;
}

}  // namespace gateway::rpc
