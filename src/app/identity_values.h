// The notations of single values that say who may use the admin API.
//
// As config_values.h: each takes the text of a value; kInvalidArgument says what is allowed, and
// shows no secret.
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "identity/digest.h"
#include "identity/principal.h"

namespace gateway::app {

// `sha256:` and 64 hexadecimal digits.
Expected<identity::Digest> ParseTokenDigest(std::string_view text);

// A role that allows something: viewer, operator, admin.
Expected<identity::Role> ParseGivenRole(std::string_view text);

// none or viewer.
Expected<identity::Role> ParseAnonymousRole(std::string_view text);

// A name for people: no control characters, at most 256 bytes.
Expected<std::string> ParsePrincipalName(std::string_view text);

// An encoded argon2id hash.
Expected<std::string> ParsePasswordHashText(std::string_view text);

// At least 32 characters.
Expected<std::string> ParseSessionKey(std::string_view text);

// `ldap://host[:port]` or `ldaps://host[:port]`.
Expected<std::string> ParseLdapUrl(std::string_view text);

// A DN with {user} in it.
Expected<std::string> ParseUserDn(std::string_view text);

// A filter in parentheses with {user} in it.
Expected<std::string> ParseUserFilter(std::string_view text);

// A filter in parentheses with {dn} or {user} in it.
Expected<std::string> ParseGroupFilter(std::string_view text);

// An issuer or another address with a path; see identity/endpoint_url.h.
Expected<std::string> ParseIssuer(std::string_view text);

// RS256, PS256 or ES256.
Expected<std::string> ParseAlgorithm(std::string_view text);

}  // namespace gateway::app
