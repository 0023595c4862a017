// Users that the configuration lists, with the hashes of their passwords.
//
// Threads: any; Verify() blocks. Memory: at most kConcurrent verifications at once, each with what
// its hash asks for (19 MiB for hashes that we print).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "identity/options.h"

namespace gateway::identity {

class PasswordUsers {
 public:
  static constexpr std::ptrdiff_t kConcurrent = 2;
  static constexpr std::chrono::seconds kPatience{3};

  // The hashes must be valid: see ParsePasswordHash().
  explicit PasswordUsers(std::vector<UserOptions> users);

  // Names are looked up in any spelling: see FoldUserName().
  bool Has(std::string_view name) const { return RoleOf(name).has_value(); }
  std::optional<Role> RoleOf(std::string_view name) const;

  // kUnauthenticated: no such user, or another password; both take the same time.
  // kUnavailable: too many others are being verified; after kPatience.
  Expected<Principal> Verify(std::string_view name, std::string_view password);

 private:
  const UserOptions* Find(std::string_view name) const;

  const std::vector<UserOptions> users_;
  std::vector<std::string> folded_names_;  // of users_
  std::string costliest_hash_;             // stands in for that of an unknown user
  std::counting_semaphore<kConcurrent> slots_{kConcurrent};
};

}  // namespace gateway::identity
