// What the configuration says about identity. Keys and defaults: docs/configuration.md.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/url.h"
#include "identity/digest.h"
#include "identity/principal.h"

namespace gateway::identity {

// The token itself is not kept.
struct TokenOptions {
  std::string name;  // may repeat: an old and a new token of one caller
  Role role = Role::kAdmin;
  Digest sha256{};

  bool operator==(const TokenOptions&) const = default;
};

struct UserOptions {
  std::string name;
  Role role = Role::kViewer;
  std::string password_hash;  // argon2id, encoded; see password_hash.h

  bool operator==(const UserOptions&) const = default;
};

// Who is in a group (LDAP) or has a claim's value (OIDC) gets the role; the highest one counts.
struct RoleMapping {
  std::vector<std::pair<std::string, Role>> roles;
  Role otherwise = Role::kNone;  // for everybody who could log in

  bool operator==(const RoleMapping&) const = default;
};

struct LdapOptions {
  std::string url;                           // ldap://host[:port] or ldaps://host[:port]
  bool start_tls = false;                    // with ldap:// only
  std::string ca_file;                       // empty: the system's authorities
  std::chrono::milliseconds timeout{5'000};  // for each step: connect, bind, search

  std::string user_dn;  // direct bind: `uid={user},ou=people,dc=example,dc=org`; else empty

  // Search and bind, when user_dn is empty.
  std::string bind_dn;  // empty: the search is anonymous
  std::string bind_password;
  std::string user_base;
  std::string user_filter = "(uid={user})";

  // Groups: from an attribute of the user's entry, or by a search when group_base is set.
  std::string group_attribute = "memberOf";
  std::string group_base;
  std::string group_filter = "(member={dn})";  // {dn} and {user} are put in
  RoleMapping mapping;                         // by DN, or by the group's first RDN value (its cn)

  bool operator==(const LdapOptions&) const = default;
};

struct OidcOptions {
  std::string issuer;     // as in tokens: https://host[:port][/path]
  std::string client_id;  // empty: no login in the GUI, only bearer tokens
  std::string client_secret;
  std::vector<std::string> audiences;  // a bearer token must name one; empty: client_id
  std::vector<std::string> scopes{"openid", "profile", "email"};
  std::vector<std::string> algorithms{"RS256", "ES256"};
  std::string name_claim = "preferred_username";  // `sub` where it is missing
  std::string role_claim = "groups";              // a string or a list; `a.b` looks inside objects
  RoleMapping mapping;
  std::string ca_file;                       // empty: the system's authorities
  std::chrono::milliseconds timeout{5'000};  // for each request to the provider
  std::chrono::milliseconds leeway{30'000};  // between our clock and the provider's
  std::chrono::milliseconds keys_max_age{3'600'000};

  bool operator==(const OidcOptions&) const = default;
};

struct IdentityOptions {
  std::vector<TokenOptions> tokens;
  std::vector<UserOptions> users;
  std::optional<LdapOptions> ldap;
  std::optional<OidcOptions> oidc;

  std::string session_key;  // empty: a random one for this process
  std::chrono::milliseconds session_lifetime{8 * 3'600'000};
  std::optional<Url> external_url;     // where browsers reach the admin pages
  std::optional<Role> anonymous_role;  // kNone or kViewer; nothing: see anonymous_policy.h

  // Is there any way to prove who one is?
  bool Configured() const {
    return !tokens.empty() || !users.empty() || ldap.has_value() || oidc.has_value();
  }

  bool operator==(const IdentityOptions&) const = default;
};

}  // namespace gateway::identity
