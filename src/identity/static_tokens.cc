#include "identity/static_tokens.h"

#include <algorithm>
#include <utility>

namespace gateway::identity {

StaticTokens::StaticTokens(std::vector<TokenOptions> tokens) : tokens_(std::move(tokens)) {}

std::optional<Principal> StaticTokens::Find(std::string_view token) const {
  const auto digest = Sha256(token);
  const TokenOptions* found = nullptr;
  for (const auto& candidate : tokens_) {  // no early exit
    if (SameDigest(digest, candidate.sha256)) found = &candidate;
  }
  if (!found || token.empty()) return std::nullopt;
  return Principal{found->name, found->role, "token"};
}

std::optional<Role> StaticTokens::RoleOf(std::string_view name) const {
  std::optional<Role> role;
  for (const auto& token : tokens_) {
    if (token.name == name) role = std::max(role.value_or(token.role), token.role);
  }
  return role;
}

}  // namespace gateway::identity
