// From what others say about a user (groups, claims) to his role.
//
// Threads: pure functions.
#pragma once

#include <functional>
#include <string_view>

#include "identity/options.h"

namespace gateway::identity {

// The highest role whose value `has` says the user has; mapping.otherwise when it has none.
Role HighestRole(const RoleMapping& mapping, const std::function<bool(const std::string&)>& has);

}  // namespace gateway::identity
