// Who sends a request, and may he do that? The same for all transports.
//
// Credentials are told apart by the room identity; here they are only found in headers. A browser
// adds its cookie, and for a loopback address even nothing at all, to requests of any page: so
// changes that come from pages of other sites are refused. Threads: immutable; the hooks are called
// from any thread.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/ip_address.h"
#include "base/url.h"
#include "http/head.h"
#include "identity/anonymous_policy.h"
#include "identity/principal.h"
#include "rpc/message.h"

namespace gateway::rpc {

struct AccessHooks {
  // Who has these credentials, which are not empty: Authenticator::Authenticate.
  std::function<Expected<identity::Principal>(const identity::Credentials&)> authenticate;
  // What that waits for: Authenticator::WaitsFor.
  std::function<identity::Waits(const identity::Credentials&)> waits;
  // Who sends none, if he has that role: AnonymousPolicy::Admit.
  std::function<Expected<identity::Principal>(const identity::Sender&, identity::Role)> anonymous;
  // Name of the cookie that holds a session: Sessions::cookie_name.
  std::string session_cookie;
  // Where browsers reach us, when a balancer stands before us: admin.external_url.
  std::optional<Url> external_url = std::nullopt;
};

// What headers or metadata say about the sender: of X-Auth-Key and Authorization; Basic and Bearer,
// others count as a token that nobody has.
identity::Credentials CredentialsOf(std::string_view auth_key, std::string_view authorization);

// Headers, in lower case, in which proxies say for whom they forward a request.
inline constexpr std::array<std::string_view, 2> kForwardingHeaders = {"x-forwarded-for",
                                                                       "forwarded"};

// Where a request comes from.
struct Whence {
  std::string client;  // address of who sent it: see http::ClientAddress()
  bool local = false;  // from this machine, and no proxy has forwarded it
};

// `peer`: address of who made the connection. `trusted`: balancers whose X-Forwarded-For is
// believed. `forwarding`: all lines of kForwardingHeaders.
Whence WhenceOf(std::string_view peer,
                std::span<const AddressBlock> trusted,
                std::span<const http::HeaderField> forwarding);

class Access {
 public:
  explicit Access(AccessHooks hooks) : hooks_(std::move(hooks)) {}

  identity::Credentials CredentialsIn(const Request& request) const;

  // Does a page of another site send this? Ours are those of the host that the request is for, and
  // those of the external URL. Programs that are no browsers send no Origin.
  bool IsForeign(const Request& request) const;

  // What Admit() may have to wait for, when it is called now.
  identity::Waits WaitsFor(const identity::Credentials& credentials) const;

  // Who it is, if he may do what needs `role`. `sender` counts when there are no credentials.
  // kUnauthenticated, kPermissionDenied, kUnavailable:
  // the message says what to do.
  Expected<identity::Principal> Admit(const identity::Credentials& credentials,
                                      const identity::Sender& sender,
                                      identity::Role role) const;

 private:
  const AccessHooks hooks_;
};

}  // namespace gateway::rpc
