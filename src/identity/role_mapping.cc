#include "identity/role_mapping.h"

#include <algorithm>

namespace gateway::identity {

Role HighestRole(const RoleMapping& mapping, const std::function<bool(const std::string&)>& has) {
  auto highest = mapping.otherwise;
  for (const auto& [value, role] : mapping.roles) {
    if (role > highest && has(value)) highest = role;
  }
  return highest;
}

}  // namespace gateway::identity
