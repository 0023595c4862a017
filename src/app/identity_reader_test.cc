#include "app/identity_reader.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "app/config_loader.h"

namespace gateway::app {
namespace {

using namespace std::chrono_literals;
using identity::Role;

constexpr std::string_view kHash =
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
constexpr std::string_view kDigest =
    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";  // abc

SubstitutionSources FakeSources() {
  SubstitutionSources sources;
  sources.variable = [](std::string_view name) -> std::optional<std::string> {
    if (name == "TOKEN") return "hunter2";
    if (name == "DIGEST") return std::string(kDigest);
    if (name == "BLANK") return "hunter 2";
    if (name == "KEY") return "0123456789abcdef0123456789abcdef";
    return std::nullopt;
  };
  sources.file = [](std::string_view) -> Expected<std::string> {
    return Fail(ErrorCode::kNotFound, "No such file");
  };
  return sources;
}

// `admin` is the content of the section, in flow style.
Expected<AppConfig> Parse(std::string_view admin) {
  return ParseConfig(
      fmt::format("listeners: [{{address: '127.0.0.1:8080'}}]\nadmin: {{{}}}\n", admin),
      "gateway.yaml", FakeSources());
}

TEST(IdentityReader, ReadsTokensAsDigestsAndOnesFromOutside) {
  const auto config =
      Parse(fmt::format("token: one, tokens: [{{name: ci, role: operator, token: '{}'}}, "
                        "{{name: ci, role: viewer, token: '${{env:TOKEN}}'}}]",
                        kDigest));
  ASSERT_TRUE(config) << config.error().message;
  const std::vector<identity::TokenOptions> expected = {
      {"token", Role::kAdmin, identity::Sha256("one")},
      {"ci", Role::kOperator, identity::Sha256("abc")},
      {"ci", Role::kViewer, identity::Sha256("hunter2")}};
  EXPECT_EQ(config->admin.identity.tokens, expected);
}

TEST(IdentityReader, TakesADigestFromOutsideForADigest) {
  const auto config = Parse("tokens: [{name: ci, role: viewer, token: '${env:DIGEST}'}]");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->admin.identity.tokens.size(), 1u);
  EXPECT_EQ(config->admin.identity.tokens[0].sha256, identity::Sha256("abc"));
}

TEST(IdentityReader, ReadsUsersAndSessions) {
  const auto config = Parse(fmt::format(
      "users: [{{name: ann, role: admin, password_hash: '{}'}}], session_key: '${{env:KEY}}', "
      "session_lifetime: 1h, external_url: 'https://gw.example.org', anonymous_role: viewer",
      kHash));
  ASSERT_TRUE(config) << config.error().message;
  const auto& options = config->admin.identity;
  const std::vector<identity::UserOptions> users = {{"ann", Role::kAdmin, std::string(kHash)}};
  EXPECT_EQ(options.users, users);
  EXPECT_EQ(options.session_key, "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(options.session_lifetime, 1h);
  ASSERT_TRUE(options.external_url);
  EXPECT_EQ(options.external_url->ToString(), "https://gw.example.org");
  EXPECT_EQ(options.anonymous_role, Role::kViewer);
}

TEST(IdentityReader, ReadsADirectoryThatIsSearched) {
  const auto config = Parse(
      "ldap: {url: 'ldap://ldap.example.org', start_tls: true, ca_file: /etc/ca.pem, timeout: 2s, "
      "bind_dn: 'cn=gw,dc=x', bind_password: '${env:TOKEN}', user_base: 'ou=people,dc=x', "
      "user_filter: '(&(objectClass=person)(mail={user}))', group_attribute: isMemberOf, "
      "group_base: 'ou=groups,dc=x', group_filter: '(memberUid={user})', "
      "roles: [{group: 'cn=ops,ou=groups,dc=x', role: operator}, {group: admins, role: admin}], "
      "default_role: viewer}");
  ASSERT_TRUE(config) << config.error().message;
  identity::LdapOptions expected;
  expected.url = "ldap://ldap.example.org";
  expected.start_tls = true;
  expected.ca_file = "/etc/ca.pem";
  expected.timeout = 2s;
  expected.bind_dn = "cn=gw,dc=x";
  expected.bind_password = "hunter2";
  expected.user_base = "ou=people,dc=x";
  expected.user_filter = "(&(objectClass=person)(mail={user}))";
  expected.group_attribute = "isMemberOf";
  expected.group_base = "ou=groups,dc=x";
  expected.group_filter = "(memberUid={user})";
  expected.mapping.roles = {{"cn=ops,ou=groups,dc=x", Role::kOperator}, {"admins", Role::kAdmin}};
  expected.mapping.otherwise = Role::kViewer;
  EXPECT_EQ(config->admin.identity.ldap, expected);
}

TEST(IdentityReader, ReadsAnOpenIdProvider) {
  const auto config = Parse(
      "external_url: 'https://gw.example.org', oidc: {issuer: 'https://id.example.org/realms/x', "
      "client_id: gw, client_secret: '${env:TOKEN}', audiences: [gw-api, gw], "
      "scopes: [openid, groups], algorithms: [ES256, PS256], name_claim: email, "
      "role_claim: realm_access.roles, roles: [{value: gw-admin, role: admin}], "
      "ca_file: /etc/ca.pem, timeout: 2s, leeway: 5s}");
  ASSERT_TRUE(config) << config.error().message;
  identity::OidcOptions expected;
  expected.issuer = "https://id.example.org/realms/x";
  expected.client_id = "gw";
  expected.client_secret = "hunter2";
  expected.audiences = {"gw-api", "gw"};
  expected.scopes = {"openid", "groups"};
  expected.algorithms = {"ES256", "PS256"};
  expected.name_claim = "email";
  expected.role_claim = "realm_access.roles";
  expected.mapping.roles = {{"gw-admin", Role::kAdmin}};
  expected.ca_file = "/etc/ca.pem";
  expected.timeout = 2s;
  expected.leeway = 5s;
  EXPECT_EQ(config->admin.identity.oidc, expected);
}

TEST(IdentityReader, RefusesBadValuesWithThePlaceAndWhatIsAllowed) {
  const auto user = fmt::format("{{name: ann, role: viewer, password_hash: '{}'}}", kHash);
  const auto token = fmt::format("{{name: ci, role: viewer, token: '{}'}}", kDigest);
  const struct {
    std::string admin;
    std::string_view message;
  } cases[] = {
      {"tokens: [{name: ci, role: viewer, token: hunter2}]",
       "gateway.yaml:2:50: admin.tokens[0].token: the token (not shown) is not allowed; allowed: "
       "sha256:HEX"},
      {"tokens: [{name: ci, role: viewer, token: '${env:BLANK}'}]",
       "admin.tokens[0].token: the token (not shown) cannot be sent in a header"},
      {"tokens: [{name: ci, role: root, token: '${env:TOKEN}'}]",
       "admin.tokens[0].role: 'root' is not allowed; allowed: viewer, operator, admin"},
      {"tokens: [{name: ci, role: none, token: '${env:TOKEN}'}]", "'none' is not allowed"},
      {"tokens: [{role: viewer, token: '${env:TOKEN}'}]", "the key 'name' is missing"},
      {"tokens: [{name: ci, token: '${env:TOKEN}'}]", "the key 'role' is missing"},
      {"tokens: [{name: ci, role: viewer}]", "the key 'token' is missing"},
      {"tokens: [" + token + ", " + token + "]",
       "admin.tokens[1].token: another entry has the same token"},
      {"token: hunter2, tokens: [{name: ci, role: viewer, token: '${env:TOKEN}'}]",
       "admin.tokens[0].token: another entry has the same token"},
      {"users: [{name: ann, role: viewer, password_hash: hunter2}]",
       "admin.users[0].password_hash: the value (not shown) is not a usable argon2id hash"},
      {"users: [" + user + ", " + user + "]", "admin.users[1]: another user has the same name"},
      {"session_key: hunter2",
       "admin.session_key: the key (not shown) is too short; allowed: at "
       "least 32"},
      {"session_lifetime: 1s", "allowed: a duration"},
      {"anonymous_role: admin", "'admin' is not allowed; allowed: none, viewer"},
      {"anonymous_role: none", "nobody could use the API"},
      {"external_url: 'https://gw.example.org/admin'", "without user, path or query"},
      {"ldap: {}", "admin.ldap: the key 'url' is missing"},
      {"ldap: {url: 'http://x', user_dn: 'uid={user}'}", "allowed: ldap://host[:port]"},
      {"ldap: {url: 'ldap://x', user_dn: 'uid={user}'}",
       "admin.ldap.url: passwords would cross the network in clear"},
      {"ldap: {url: 'ldaps://x', start_tls: true, user_dn: 'uid={user}'}",
       "ldaps:// begins with TLS"},
      {"ldap: {url: 'ldaps://x'}", "how to find a user is not clear"},
      {"ldap: {url: 'ldaps://x', user_dn: 'uid={user}', user_base: 'dc=x'}",
       "how to find a user is not clear"},
      {"ldap: {url: 'ldaps://x', user_dn: 'uid=ann'}", "a DN with {user} in it"},
      {"ldap: {url: 'ldaps://x', user_base: 'dc=x', user_filter: 'uid={user}'}",
       "an LDAP filter with {user} in it"},
      {"ldap: {url: 'ldaps://x', user_base: 'dc=x', bind_dn: 'cn=x'}",
       "bind_dn and bind_password go together"},
      {"oidc: {audiences: [x]}", "admin.oidc: the key 'issuer' is missing"},
      {"oidc: {issuer: 'http://id.example.org', audiences: [x]}",
       "allowed: https://host[:port][/path], or http:// for loopback addresses only"},
      {"oidc: {issuer: 'https://id.example.org'}", "write client_id"},
      {"oidc: {issuer: 'https://id.example.org', client_id: x}", "write admin.external_url"},
      {"oidc: {issuer: 'https://id.example.org', audiences: [x], algorithms: [HS256]}",
       "'HS256' is not allowed; allowed: RS256, PS256, ES256"},
      {"oidc: {issuer: 'https://id.example.org', audiences: [x], algorithms: []}",
       "algorithms is empty"},
      {"external_url: 'https://gw', oidc: {issuer: 'https://i', client_id: x, scopes: [email]}",
       "scopes must contain openid"},
  };
  for (const auto& [admin, message] : cases) {
    SCOPED_TRACE(admin);
    const auto config = Parse(admin);
    if (config) {
      ADD_FAILURE() << "accepted";
      continue;
    }
    EXPECT_NE(config.error().message.find(message), std::string::npos) << config.error().message;
    EXPECT_EQ(config.error().message.find("hunter"), std::string::npos) << "shows a secret";
  }
}

}  // namespace
}  // namespace gateway::app
