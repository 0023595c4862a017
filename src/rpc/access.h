// Who sends a request, and may he do that? The same for all transports.
//
// Credentials are told apart by the room identity; here they are only found in headers. A browser
// adds its cookie, and for a loopback address even nothing at all, to requests of any page: so
// changes that come from pages of other sites are refused. Threads: immutable; the hooks are called
// from any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "identity/principal.h"
#include "rpc/message.h"

namespace gateway::rpc {

struct AccessHooks {
  // Who has these credentials, which are not empty: Authenticator::Authenticate.
  std::function<Expected<identity::Principal>(const identity::Credentials&)> authenticate;
  // May that take long? Authenticator::Blocks.
  std::function<bool(const identity::Credentials&)> blocks;
  // Who sends none, under this Host header: AnonymousPolicy::PrincipalFor.
  std::function<identity::Principal(std::string_view host)> anonymous;
  // Name of the cookie that holds a session: Sessions::cookie_name.
  std::string session_cookie;
};

// What headers or metadata say about the sender: of X-Auth-Key and Authorization; Basic and Bearer,
// others count as a token that nobody has.
identity::Credentials CredentialsOf(std::string_view auth_key, std::string_view authorization);

// Does a page of another site send this? Other programs send no Origin.
bool IsForeignOrigin(const Request& request);

class Access {
 public:
  explicit Access(AccessHooks hooks) : hooks_(std::move(hooks)) {}

  identity::Credentials CredentialsIn(const Request& request) const;

  // May Admit() wait for anything?
  bool Blocks(const identity::Credentials& credentials) const;

  // Who it is, if he may do what needs `role`. kUnauthenticated, kPermissionDenied, kUnavailable:
  // the message says what to do.
  Expected<identity::Principal> Admit(const identity::Credentials& credentials,
                                      std::string_view host,
                                      identity::Role role) const;

 private:
  const AccessHooks hooks_;
};

}  // namespace gateway::rpc
