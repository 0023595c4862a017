#include "identity/verified_logins.h"

namespace gateway::identity {

std::optional<Principal> VerifiedLogins::Find(std::string_view user,
                                              std::string_view password,
                                              std::chrono::milliseconds margin) const {
  const auto digest = HmacSha256(key_, password);
  const std::lock_guard lock(mutex_);
  const auto found = logins_.find(std::string(user));
  if (found == logins_.end()) return std::nullopt;
  const auto& login = found->second;
  if (login.until <= clock_.Now() + margin || !SameDigest(login.password, digest))
    return std::nullopt;
  return login.principal;
}

void VerifiedLogins::Remember(std::string_view user,
                              std::string_view password,
                              const Principal& principal) {
  const auto now = clock_.Now();
  const std::lock_guard lock(mutex_);
  if (logins_.size() >= kMaxEntries) logins_.clear();
  logins_.insert_or_assign(std::string(user),
                           Login{HmacSha256(key_, password), principal, now + kLifetime});
}

}  // namespace gateway::identity
