#include "identity/password_users.h"

#include <algorithm>
#include <utility>

#include "identity/password_hash.h"
#include "identity/user_name.h"

namespace gateway::identity {
namespace {

std::unexpected<Error> Wrong() {
  return Fail(ErrorCode::kUnauthenticated, "user or password is wrong", Origin::kClient);
}

}  // namespace

PasswordUsers::PasswordUsers(std::vector<UserOptions> users) : users_(std::move(users)) {
  std::uint64_t most = 0;
  for (const auto& user : users_) {
    folded_names_.push_back(FoldUserName(user.name).value_or(user.name));
    const auto cost = ParsePasswordHash(user.password_hash);
    if (!cost || cost->Work() < most) continue;
    most = cost->Work();
    costliest_hash_ = user.password_hash;
  }
}

const UserOptions* PasswordUsers::Find(std::string_view name) const {
  const auto folded = FoldUserName(name).value_or(std::string(name));
  const auto found = std::ranges::find(folded_names_, folded);
  return found == folded_names_.end()
             ? nullptr
             : &users_[static_cast<std::size_t>(found - folded_names_.begin())];
}

std::optional<Role> PasswordUsers::RoleOf(std::string_view name) const {
  const auto* user = Find(name);
  return user ? std::optional(user->role) : std::nullopt;
}

Expected<Principal> PasswordUsers::Verify(std::string_view name, std::string_view password) {
  if (password.empty() || password.size() > kMaxPasswordBytes || costliest_hash_.empty()) {
    return Wrong();
  }
  const auto* user = Find(name);
  if (!slots_.try_acquire_for(kPatience)) {
    return Fail(ErrorCode::kUnavailable, "too many logins at once: try again");
  }
  const auto verified = VerifyPassword(user ? user->password_hash : costliest_hash_, password);
  slots_.release();
  if (!verified) return std::unexpected(verified.error());
  // Without a user the result is not looked at: it was about somebody else's password.
  if (!user || !*verified) return Wrong();
  return Principal{user->name, user->role, "password"};
}

}  // namespace gateway::identity
