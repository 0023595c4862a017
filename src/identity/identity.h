// The parts of this room, made from their options and wired to each other.
//
// Threads: made on one; the parts say who may call them.
#pragma once

#include <optional>

#include "base/clock.h"
#include "identity/anonymous_policy.h"
#include "identity/authenticator.h"
#include "identity/http_fetcher.h"
#include "identity/ldap_directory.h"
#include "identity/login_flow.h"
#include "identity/oidc_provider.h"
#include "identity/options.h"
#include "identity/sessions.h"
#include "telemetry/logger.h"

namespace gateway::identity {

class Identity {
 public:
  // `loopback`: is the address that the API listens on one? `clock` and `logger` must outlive this.
  // Logs a warning when sessions will not work on other instances.
  Identity(IdentityOptions options, bool loopback, const Clock& clock, telemetry::Logger& logger);

  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  Authenticator& authenticator() { return authenticator_; }
  const Sessions& sessions() const { return sessions_; }
  const AnonymousPolicy& anonymous() const { return anonymous_; }
  // Null: the file names no provider for browsers.
  LoginFlow* login_flow() { return login_flow_ ? &*login_flow_ : nullptr; }

 private:
  CredentialSources MakeSources(const Clock& clock, telemetry::Logger& logger);

  const IdentityOptions options_;
  const Sessions sessions_;
  const AnonymousPolicy anonymous_;
  std::optional<LdapDirectory> ldap_;
  std::optional<BlockingFetcher> fetcher_;
  std::optional<OidcProvider> oidc_;
  std::optional<LoginFlow> login_flow_;
  Authenticator authenticator_;
};

}  // namespace gateway::identity
