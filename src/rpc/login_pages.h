// Sessions of browsers: logging in with a password or at an OpenID Connect provider, and out.
//
//   POST /auth/password {"user","password"}  begins a session of a user of the file or of LDAP
//   GET  /auth/login?return_to=PATH          sends the browser to the provider
//   GET  /auth/callback                      where the provider sends it back to
//   POST /auth/logout                        ends the session in the browser
//   GET  /auth/whoami                        {"name","role","via"} of a caller who may read
// Threads: Handle() from any thread; it may wait for a directory or the provider.
#pragma once

#include <string_view>

#include "identity/authenticator.h"
#include "identity/login_flow.h"
#include "identity/sessions.h"
#include "rpc/access.h"
#include "rpc/message.h"

namespace gateway::rpc {

class LoginPages {
 public:
  // All must outlive this. `flow`: null where no provider is configured.
  LoginPages(const Access& access,
             identity::Authenticator& authenticator,
             const identity::Sessions& sessions,
             identity::LoginFlow* flow)
      : access_(access), authenticator_(authenticator), sessions_(sessions), flow_(flow) {}

  // Is `path` one of these?
  static bool Owns(std::string_view path) { return path.starts_with("/auth/"); }

  // What Handle() may have to wait for, when it is called now.
  identity::Waits WaitsFor(const Request& request) const;

  Response Handle(const Request& request) const;

 private:
  Response LogIn(const Request& request) const;
  Response BeginAtProvider(const Request& request) const;
  Response FinishAtProvider(const Request& request) const;
  Response LogOut() const;
  Response WhoAmI(const Request& request) const;

  const Access& access_;
  identity::Authenticator& authenticator_;
  const identity::Sessions& sessions_;
  identity::LoginFlow* const flow_;
};

}  // namespace gateway::rpc
