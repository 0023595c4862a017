// What callers may do that do not say who they are.
//
// Nothing configured to tell people apart: who is on this machine and calls us by a loopback name
// may read, and where we listen on a loopback address do everything, so that a first try needs no
// set-up. All others may do nothing: queries' texts are shown to nobody unless a setting says so.
// As soon as anything is configured: nothing, or what `admin.anonymous_role` opens. Threads:
// immutable.
#pragma once

#include <optional>
#include <string_view>

#include "base/error.h"
#include "identity/principal.h"

namespace gateway::identity {

// Where a request comes from that has no credentials.
struct Sender {
  std::string_view host;  // the Host header: by which name he calls us
  bool local = false;     // from this machine, and no proxy has forwarded it
};

class AnonymousPolicy {
 public:
  // `configured`: is there any token, user or directory? `setting`: admin.anonymous_role.
  // `loopback`: is the address that the API listens on one?
  AnonymousPolicy(bool configured, std::optional<Role> setting, bool loopback);

  // Who sends a request, if he may do what needs `needed`. His name is "anonymous".
  // kUnauthenticated: he may not; the message says what to do, or what to configure.
  Expected<Principal> Admit(const Sender& sender, Role needed) const;

 private:
  Role RoleOf(const Sender& sender) const;

  const bool configured_;
  Role remote_;
  Role local_;  // of who is on this machine and calls us by a loopback name
};

}  // namespace gateway::identity
