#include "identity/anonymous_policy.h"

#include <fmt/format.h>

#include "identity/endpoint_url.h"

namespace gateway::identity {
namespace {

// A page can point a name of its own at 127.0.0.1 (DNS rebinding): its Origin and Host agree then,
// but Host is not one of the names by which a loopback address is known.
bool IsLoopbackHost(std::string_view host) {
  const auto colon = host.rfind(':');
  const auto name = host.ends_with(']') ? host : host.substr(0, colon);
  return name == "[::1]" || (IsLoopback(name) && name != "::1");
}

}  // namespace

AnonymousPolicy::AnonymousPolicy(bool configured, std::optional<Role> setting, bool loopback)
    : configured_(configured),
      remote_(setting.value_or(Role::kNone)),
      local_(!configured && loopback ? Role::kAdmin
                                     : setting.value_or(configured ? Role::kNone : Role::kViewer)) {
}

Role AnonymousPolicy::RoleOf(const Sender& sender) const {
  return sender.local && IsLoopbackHost(sender.host) ? local_ : remote_;
}

Expected<Principal> AnonymousPolicy::Admit(const Sender& sender, Role needed) const {
  Principal principal{"anonymous", RoleOf(sender), "anonymous"};
  const auto authorized = Authorize(principal, needed);
  if (authorized) return principal;
  if (configured_) return std::unexpected(authorized.error());
  // There is nothing yet that he could send.
  return Fail(
      ErrorCode::kUnauthenticated,
      fmt::format(
          "this needs the role {}, and nobody can have it from here: configure "
          "admin.token, tokens, users, ldap or oidc{}",
          NameOf(needed),
          needed == Role::kViewer ? ", or let everybody read with anonymous_role: viewer" : ""),
      Origin::kClient);
}

}  // namespace gateway::identity
