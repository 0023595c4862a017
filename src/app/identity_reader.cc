#include "app/identity_reader.h"

#include <algorithm>
#include <utility>

#include "app/config_values.h"
#include "app/identity_values.h"
#include "identity/endpoint_url.h"
#include "identity/user_name.h"

namespace gateway::app {

using identity::IdentityOptions;
using identity::LdapOptions;
using identity::OidcOptions;
using identity::Role;
using identity::RoleMapping;
using std::chrono::milliseconds;

namespace {

auto DurationFrom(milliseconds minimum) {
  return [minimum](std::string_view text) { return ParseDuration(text, minimum); };
}

}  // namespace

IdentityOptions IdentityReader::Read(MapReader& admin, std::string_view token) {
  if (!token.empty()) {
    options_.tokens.push_back({"token", Role::kAdmin, identity::Sha256(token)});
    seen_tokens_.insert(options_.tokens.back().sha256);
  }
  if (const auto section = admin.Take("tokens")) ReadTokens(*section);
  if (const auto section = admin.Take("users")) ReadUsers(*section);
  ReadSessions(admin);
  if (const auto section = admin.Take("ldap")) ReadLdap(*section);
  if (const auto section = admin.Take("oidc")) ReadOidc(*section);
  if (const auto value = admin.Take("anonymous_role")) ReadAnonymous(*value);
  return std::move(options_);
}

void IdentityReader::ReadTokens(const Value& section) {
  for (const auto& element : reader_.ReadList(section)) ReadToken(element);
}

void IdentityReader::ReadToken(const Value& value) {
  MapReader map(reader_, value);
  identity::TokenOptions token;
  token.name = ReadName(map);
  ReadRole(map, token.role);
  const auto text = map.Require("token");
  if (!text) return;
  const auto scalar = reader_.ReadScalar(*text);
  if (!scalar) return;
  // What came from outside may be the token itself; in the file it would be readable by everybody
  // who can read the file.
  const bool in_clear = scalar->substituted && !scalar->text.starts_with("sha256:");
  const auto usable = ParseToken(scalar->text);
  const auto digest = in_clear ? Expected<identity::Digest>(identity::Sha256(scalar->text))
                               : ParseTokenDigest(scalar->text);
  if (!usable || !digest) {
    return reader_.Report(*text, usable ? digest.error().message : usable.error().message);
  }
  token.sha256 = *digest;
  if (!seen_tokens_.insert(token.sha256).second) {
    return reader_.Report(*text, "another entry has the same token; each needs one of its own");
  }
  options_.tokens.push_back(std::move(token));
}

void IdentityReader::ReadUsers(const Value& section) {
  for (const auto& element : reader_.ReadList(section)) ReadUser(element);
}

void IdentityReader::ReadUser(const Value& value) {
  MapReader map(reader_, value);
  identity::UserOptions user;
  user.name = ReadName(map);
  ReadRole(map, user.role);
  if (const auto hash = map.Require("password_hash")) {
    if (auto parsed = reader_.Read(*hash, ParsePasswordHashText)) {
      user.password_hash = *std::move(parsed);
    }
  }
  const auto folded = identity::FoldUserName(user.name).value_or(user.name);
  if (!user.name.empty() && !seen_users_.insert(folded).second) {
    return reader_.Report(value,
                          "another user has the same name, without regard to case; each "
                          "needs one of its own");
  }
  options_.users.push_back(std::move(user));
}

void IdentityReader::ReadSessions(MapReader& admin) {
  admin.Read("session_key", options_.session_key, ParseSessionKey);
  admin.Read("session_lifetime", options_.session_lifetime, DurationFrom(milliseconds(60'000)));
  if (const auto value = admin.Take("external_url")) {
    options_.external_url = reader_.Read(*value, ParseUrl);
  }
}

void IdentityReader::ReadLdap(const Value& section) {
  MapReader map(reader_, section);
  LdapOptions ldap;
  const auto url = map.Require("url");
  if (url) ldap.url = reader_.Read(*url, ParseLdapUrl).value_or("");
  map.Read("start_tls", ldap.start_tls, ParseBool);
  bool allow_plaintext = false;
  map.Read("allow_plaintext", allow_plaintext, ParseBool);
  map.Read("ca_file", ldap.ca_file, ParseText);
  map.Read("timeout", ldap.timeout, DurationFrom(milliseconds(100)));
  ReadLdapUsers(map, section, ldap);
  map.Read("group_attribute", ldap.group_attribute, ParseText);
  map.Read("group_base", ldap.group_base, ParseText);
  map.Read("group_filter", ldap.group_filter, ParseGroupFilter);
  ReadMapping(map, "group", ldap.mapping);
  const bool tls = ldap.url.starts_with("ldaps:");
  if (tls && ldap.start_tls) {
    reader_.Report(*url, "ldaps:// begins with TLS; leave start_tls out, or write ldap://");
  } else if (!ldap.url.empty() && !tls && !ldap.start_tls && !allow_plaintext) {
    reader_.Report(
        *url,
        "passwords would cross the network in clear; allowed: ldaps://, start_tls: true, "
        "or allow_plaintext: true where nobody can listen");
  }
  options_.ldap = std::move(ldap);
}

void IdentityReader::ReadLdapUsers(MapReader& map, const Value& section, LdapOptions& ldap) {
  map.Read("user_dn", ldap.user_dn, ParseUserDn);
  const auto bind_dn = map.Take("bind_dn");
  if (bind_dn) ldap.bind_dn = reader_.Read(*bind_dn, ParseText).value_or("");
  const auto bind_password = map.Take("bind_password");
  if (bind_password) {
    ldap.bind_password = reader_.Read(*bind_password, ParseText).value_or("");
  }
  map.Read("user_base", ldap.user_base, ParseText);
  map.Read("user_filter", ldap.user_filter, ParseUserFilter);
  if (bind_dn.has_value() != bind_password.has_value()) {
    reader_.Report(bind_dn ? *bind_dn : *bind_password,
                   "bind_dn and bind_password go together; write both, or none");
  }
  if (ldap.user_dn.empty() == ldap.user_base.empty()) {
    reader_.Report(
        section,
        "how to find a user is not clear; write either user_dn (a user's DN follows from "
        "his name) or user_base (his entry is searched for there)");
  }
}

void IdentityReader::ReadOidc(const Value& section) {
  MapReader map(reader_, section);
  OidcOptions oidc;
  if (const auto issuer = map.Require("issuer")) {
    oidc.issuer = reader_.Read(*issuer, ParseIssuer).value_or("");
  }
  map.Read("client_id", oidc.client_id, ParseUser);
  map.Read("client_secret", oidc.client_secret, ParseText);
  ReadTexts(map, "audiences", oidc.audiences);
  ReadTexts(map, "scopes", oidc.scopes);
  if (const auto list = map.Take("algorithms")) {
    oidc.algorithms.clear();
    for (const auto& element : reader_.ReadList(*list)) {
      if (auto name = reader_.Read(element, ParseAlgorithm)) oidc.algorithms.push_back(*name);
    }
  }
  map.Read("name_claim", oidc.name_claim, ParseText);
  map.Read("role_claim", oidc.role_claim, ParseText);
  ReadMapping(map, "value", oidc.mapping);
  map.Read("ca_file", oidc.ca_file, ParseText);
  map.Read("timeout", oidc.timeout, DurationFrom(milliseconds(100)));
  map.Read("leeway", oidc.leeway, DurationFrom(milliseconds(0)));
  CheckOidc(section, oidc);
  options_.oidc = std::move(oidc);
}

void IdentityReader::CheckOidc(const Value& section, const OidcOptions& oidc) {
  if (oidc.client_id.empty() && oidc.audiences.empty()) {
    reader_.Report(section,
                   "who tokens must be for is missing; write client_id (the admin pages offer a "
                   "login then), audiences, or both");
  }
  if (!oidc.client_id.empty() && !options_.external_url) {
    reader_.Report(section,
                   "the provider must send browsers back after a login; write admin.external_url, "
                   "such as https://gateway.example.org");
  }
  if (!oidc.client_id.empty() && std::ranges::find(oidc.scopes, "openid") == oidc.scopes.end()) {
    reader_.Report(section, "scopes must contain openid");
  }
  if (oidc.algorithms.empty()) {
    reader_.Report(section, "algorithms is empty; allowed: RS256, PS256, ES256");
  }
}

void IdentityReader::ReadAnonymous(const Value& value) {
  const auto role = reader_.Read(value, ParseAnonymousRole);
  if (!role) return;
  if (*role == Role::kNone && !options_.Configured()) {
    return reader_.Report(value,
                          "nobody could use the API; configure tokens, users, ldap or oidc first");
  }
  options_.anonymous_role = role;
}

// Empty when it is missing or bad, which was reported.
std::string IdentityReader::ReadName(MapReader& map) {
  const auto value = map.Require("name");
  if (!value) return {};
  return reader_.Read(*value, ParsePrincipalName).value_or("");
}

void IdentityReader::ReadRole(MapReader& map, Role& role) {
  const auto value = map.Require("role");
  if (!value) return;
  if (const auto parsed = reader_.Read(*value, ParseGivenRole)) role = *parsed;
}

// `roles: [{group: NAME, role: ROLE}]` and `default_role`; `member` is what NAME is called.
void IdentityReader::ReadMapping(MapReader& map, std::string_view member, RoleMapping& mapping) {
  if (const auto list = map.Take("roles")) {
    for (const auto& element : reader_.ReadList(*list)) {
      MapReader entry(reader_, element);
      std::pair<std::string, Role> pair{"", Role::kNone};
      if (const auto name = entry.Require(member)) {
        pair.first = reader_.Read(*name, ParseText).value_or("");
      }
      ReadRole(entry, pair.second);
      mapping.roles.push_back(std::move(pair));
    }
  }
  map.Read("default_role", mapping.otherwise, identity::ParseRole);
}

void IdentityReader::ReadTexts(MapReader& map,
                               std::string_view key,
                               std::vector<std::string>& texts) {
  const auto list = map.Take(key);
  if (!list) return;
  texts.clear();
  for (const auto& element : reader_.ReadList(*list)) {
    if (auto text = reader_.Read(element, ParseUser)) texts.push_back(*std::move(text));
  }
}

}  // namespace gateway::app
