#include "app/identity_values.h"

#include <fmt/format.h>

#include "base/url.h"
#include "identity/endpoint_url.h"
#include "identity/password_hash.h"

namespace gateway::app {
namespace {

using identity::Role;

std::unexpected<Error> Refuse(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message));
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool IsFilter(std::string_view text) { return text.starts_with('(') && text.ends_with(')'); }

}  // namespace

Expected<identity::Digest> ParseTokenDigest(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  if (text.starts_with(kPrefix)) {
    if (const auto digest = identity::DigestFromHex(text.substr(kPrefix.size()))) return *digest;
  }
  return Refuse(
      "the token (not shown) is not allowed; allowed: sha256:HEX as 'trino-gateway hash-token' "
      "prints it, or the token itself through ${env:NAME} or ${file:PATH}");
}

Expected<Role> ParseGivenRole(std::string_view text) {
  const auto role = identity::ParseRole(text);
  if (role && *role != Role::kNone) return role;
  return Refuse(fmt::format("'{}' is not allowed; allowed: viewer, operator, admin", text));
}

Expected<Role> ParseAnonymousRole(std::string_view text) {
  const auto role = identity::ParseRole(text);
  if (role && *role <= Role::kViewer) return role;
  return Refuse(fmt::format("'{}' is not allowed; allowed: none, viewer", text));
}

Expected<std::string> ParsePrincipalName(std::string_view text) {
  if (identity::IsValidName(text)) return std::string(text);
  return Refuse(
      fmt::format("the name is not allowed; allowed: 1 to {} bytes, no control characters",
                  identity::kMaxNameBytes));
}

Expected<std::string> ParsePasswordHashText(std::string_view text) {
  const auto cost = identity::ParsePasswordHash(text);
  if (!cost) return std::unexpected(cost.error());
  return std::string(text);
}

Expected<std::string> ParseSessionKey(std::string_view text) {
  constexpr std::size_t kLeast = 32;
  if (text.size() >= kLeast) return std::string(text);
  return Refuse(
      fmt::format("the key (not shown) is too short; allowed: at least {} characters, such "
                  "as 'openssl rand -hex 32' prints",
                  kLeast));
}

Expected<std::string> ParseLdapUrl(std::string_view text) {
  const bool tls = text.starts_with("ldaps://");
  if (tls || text.starts_with("ldap://")) {
    // The same form as ours but for the scheme; the port's default is LDAP's own.
    const auto rest = text.substr(text.find("://"));
    if (ParseUrl(fmt::format("http{}", rest)) && !rest.ends_with('/')) return std::string(text);
  }
  return Refuse(
      fmt::format("'{}' is not allowed; allowed: ldap://host[:port] or "
                  "ldaps://host[:port], nothing behind it",
                  text));
}

Expected<std::string> ParseUserDn(std::string_view text) {
  if (Contains(text, "{user}") && Contains(text, "=")) return std::string(text);
  return Refuse(
      fmt::format("'{}' is not allowed; allowed: a DN with {{user}} in it, such as "
                  "uid={{user}},ou=people,dc=example,dc=org",
                  text));
}

Expected<std::string> ParseUserFilter(std::string_view text) {
  if (IsFilter(text) && Contains(text, "{user}")) return std::string(text);
  return Refuse(fmt::format(
      "'{}' is not allowed; allowed: an LDAP filter with {{user}} in it, such as (uid={{user}})",
      text));
}

Expected<std::string> ParseGroupFilter(std::string_view text) {
  if (IsFilter(text) && (Contains(text, "{dn}") || Contains(text, "{user}"))) {
    return std::string(text);
  }
  return Refuse(
      fmt::format("'{}' is not allowed; allowed: an LDAP filter with {{dn}} or {{user}} in "
                  "it, such as (member={{dn}})",
                  text));
}

Expected<std::string> ParseIssuer(std::string_view text) {
  const auto url = identity::ParseEndpointUrl(text);
  if (!url) return std::unexpected(url.error());
  return std::string(text);
}

Expected<std::string> ParseAlgorithm(std::string_view text) {
  if (text == "RS256" || text == "PS256" || text == "ES256") return std::string(text);
  return Refuse(fmt::format("'{}' is not allowed; allowed: RS256, PS256, ES256", text));
}

}  // namespace gateway::app
