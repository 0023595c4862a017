// Tokens that the configuration lists, known by their SHA-256 only.
//
// Tokens are long and random, so one round of a fast hash suffices; passwords are not (see
// password_hash.h).
// Threads: immutable.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "identity/options.h"

namespace gateway::identity {

class StaticTokens {
 public:
  explicit StaticTokens(std::vector<TokenOptions> tokens);

  // Whose token it is; nothing when it is none of them. Compares with every token in constant
  // time, so the time tells neither which one matched nor how much of it.
  std::optional<Principal> Find(std::string_view token) const;

  // The highest role that tokens of this name have: for sessions that began with one.
  std::optional<Role> RoleOf(std::string_view name) const;

 private:
  const std::vector<TokenOptions> tokens_;
};

}  // namespace gateway::identity
