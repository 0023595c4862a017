#include "identity/principal.h"

#include <algorithm>

#include <fmt/format.h>

namespace gateway::identity {
namespace {

constexpr Role kRoles[] = {Role::kNone, Role::kViewer, Role::kOperator, Role::kAdmin};

}  // namespace

std::string_view NameOf(Role role) {
  switch (role) {
    case Role::kNone:
      return "none";
    case Role::kViewer:
      return "viewer";
    case Role::kOperator:
      return "operator";
    case Role::kAdmin:
      return "admin";
  }
  return "none";
}

Expected<Role> ParseRole(std::string_view name) {
  for (const auto role : kRoles) {
    if (name == NameOf(role)) return role;
  }
  return Fail(
      ErrorCode::kInvalidArgument,
      fmt::format("'{}' is not a role; allowed: none, viewer, operator, admin", name.substr(0, 64)),
      Origin::kClient);
}

bool IsValidName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && std::ranges::none_of(name, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
}

Expected<void> Authorize(const Principal& principal, Role needed) {
  if (principal.role >= needed) return {};
  if (principal.via == "anonymous") {
    return Fail(ErrorCode::kUnauthenticated,
                fmt::format("this needs the role {}: send a token as 'X-Auth-Key: TOKEN' or "
                            "'Authorization: Bearer TOKEN', or log in",
                            NameOf(needed)),
                Origin::kClient);
  }
  return Fail(ErrorCode::kPermissionDenied,
              fmt::format("this needs the role {}; '{}' has the role {}", NameOf(needed),
                          principal.name, NameOf(principal.role)),
              Origin::kClient);
}

}  // namespace gateway::identity
