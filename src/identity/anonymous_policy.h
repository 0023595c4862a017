// What callers may do that do not say who they are.
//
// Nothing configured to tell people apart: everybody may read, and who reaches a loopback address
// by a loopback name may do everything, so that a first try needs no set-up. As soon as anything is
// configured: nothing, or what `admin.anonymous_role` opens.
// Threads: immutable.
#pragma once

#include <optional>
#include <string_view>

#include "identity/principal.h"

namespace gateway::identity {

class AnonymousPolicy {
 public:
  // `configured`: is there any token, user or directory? `setting`: admin.anonymous_role.
  // `loopback`: is the address that the API listens on one?
  AnonymousPolicy(bool configured, std::optional<Role> setting, bool loopback);

  // Who sends a request with this Host header and no credentials. The name is "anonymous".
  Principal PrincipalFor(std::string_view host) const;

 private:
  Role remote_;
  Role local_;
};

}  // namespace gateway::identity
