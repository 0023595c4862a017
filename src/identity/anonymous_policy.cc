#include "identity/anonymous_policy.h"

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
    : remote_(setting.value_or(configured ? Role::kNone : Role::kViewer)),
      local_(!configured && loopback ? Role::kAdmin : remote_) {}

Principal AnonymousPolicy::PrincipalFor(std::string_view host) const {
  return {"anonymous", IsLoopbackHost(host) ? local_ : remote_, "anonymous"};
}

}  // namespace gateway::identity
