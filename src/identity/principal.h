// Who calls the admin API, how he proved it, and what he may do.
//
// Threads: plain values and pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gateway::identity {

// Ordered: each role may do all that the ones before it may.
enum class Role : std::uint8_t {
  kNone,      // nothing
  kViewer,    // reads
  kOperator,  // day-to-day changes: enable, disable, drain
  kAdmin,     // everything
};

// "none", "viewer", "operator", "admin". Static storage.
std::string_view NameOf(Role role);

// kInvalidArgument: the message lists the allowed names. `none` is one of them.
Expected<Role> ParseRole(std::string_view name);

struct Principal {
  std::string name;  // no control characters, at most kMaxNameBytes
  Role role = Role::kNone;
  std::string via;  // "token", "password", "ldap", "oidc", "session" or "anonymous"

  bool operator==(const Principal&) const = default;
};

// What a request brings to prove who sends it, as the transport found it. All may be empty.
struct Credentials {
  std::string token;           // X-Auth-Key or Authorization: Bearer
  std::string user, password;  // Authorization: Basic, or the login form
  std::string session;         // value of the session cookie
  std::string client;          // address of the caller without its port: for throttling only

  bool empty() const {
    return token.empty() && user.empty() && password.empty() && session.empty();
  }
};

// What has to be waited for to find out whose credentials are.
enum class Waits : std::uint8_t {
  kForNothing,
  kForHashing,  // the hash of a password: of a user of the file
  kForOthers,   // a directory or a provider, which may hang
};

inline constexpr std::size_t kMaxNameBytes = 256;

// May `name` stand in logs and cookies? 1 to kMaxNameBytes bytes, no control characters.
bool IsValidName(std::string_view name);

// May `principal` do what needs `needed`? kUnauthenticated: he did not say who he is, and could
// by doing so. kPermissionDenied: his role is too low. Both messages say what to do.
[[nodiscard]] Expected<void> Authorize(const Principal& principal, Role needed);

}  // namespace gateway::identity
