// Remembers for a minute that a user's password was right, so that scripts that send it with each
// request neither pay for argon2 nor ask the directory every time.
//
// Kept is a digest keyed with random bytes of this process, never the password.
// Threads: any. Memory: kMaxEntries logins; all are forgotten when they are too many.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "identity/digest.h"
#include "identity/principal.h"

namespace gateway::identity {

class VerifiedLogins {
 public:
  static constexpr std::chrono::seconds kLifetime{60};
  static constexpr std::size_t kMaxEntries = 1'000;

  // `clock` must outlive this.
  explicit VerifiedLogins(const Clock& clock) : clock_(clock), key_(RandomBytes(32)) {}

  // Who `user` is, when this password was right less than kLifetime ago, and will still be known
  // after `margin`.
  std::optional<Principal> Find(std::string_view user,
                                std::string_view password,
                                std::chrono::milliseconds margin = {}) const;

  void Remember(std::string_view user, std::string_view password, const Principal& principal);

 private:
  struct Login {
    Digest password;
    Principal principal;
    Clock::TimePoint until;
  };

  const Clock& clock_;
  const std::string key_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Login> logins_;  // by user; guarded by mutex_
};

}  // namespace gateway::identity
