#include "rpc/access.h"

#include <openssl/evp.h>

#include "base/strings.h"
#include "http/client_address.h"
#include "identity/endpoint_url.h"
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

// Also in the form in which IPv6 sockets see IPv4.
bool IsLoopbackAddress(std::string_view address) {
  constexpr std::string_view kMapped = "::ffff:";
  if (address.starts_with(kMapped)) address.remove_prefix(kMapped.size());
  return identity::IsLoopback(address);
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

Whence WhenceOf(std::string_view peer,
                std::span<const AddressBlock> trusted,
                std::span<const http::HeaderField> forwarding) {
  return {.client = http::ClientAddress(peer, trusted, forwarding),
          .local = forwarding.empty() && IsLoopbackAddress(peer)};
}

bool Access::IsForeign(const Request& request) const {
  if (request.origin.empty()) return false;
  const auto origin = ParseUrl(request.origin);
  if (!origin) return true;  // "null" and whatever else
  if (hooks_.external_url && *origin == *hooks_.external_url) return false;
  // Host has no scheme: behind a balancer that ends TLS it is not the one that we are asked by.
  const auto ours = ParseUrl((origin->tls ? "https://" : "http://") + request.host);
  return !ours || *origin != *ours;
}

identity::Credentials Access::CredentialsIn(const Request& request) const {
  auto credentials = CredentialsOf(request.auth_key, request.authorization);
  credentials.session = identity::FindCookie(request.cookie, hooks_.session_cookie);
  credentials.client = request.client;
  return credentials;
}

identity::Waits Access::WaitsFor(const identity::Credentials& credentials) const {
  return credentials.empty() ? identity::Waits::kForNothing : hooks_.waits(credentials);
}

Expected<identity::Principal> Access::Admit(const identity::Credentials& credentials,
                                            const identity::Sender& sender,
                                            identity::Role role) const {
  if (role == identity::Role::kNone) return identity::Principal{"anonymous", role, "anonymous"};
  auto principal =
      credentials.empty() ? hooks_.anonymous(sender, role) : hooks_.authenticate(credentials);
  if (!principal) return principal;
  if (auto authorized = identity::Authorize(*principal, role); !authorized) {
    return std::unexpected(authorized.error());
  }
  return principal;
}

}  // namespace gateway::rpc
