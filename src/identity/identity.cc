#include "identity/identity.h"

#include <utility>

namespace gateway::identity {
namespace {

using telemetry::Level;

// With a key of this process only, every restart logs everybody out and no other instance accepts
// the sessions: fine for a first try, to be told about.
IdentityOptions WithSessionKey(IdentityOptions options, telemetry::Logger& logger) {
  if (!options.session_key.empty()) return options;
  options.session_key = RandomBytes(32);
  if (options.Configured()) {
    logger.Event(Level::kWarn, "identity.session_key_is_random",
                 {{"effect",
                   "logins in the admin pages end with this process and are not known to "
                   "other instances: set admin.session_key"}});
  }
  return options;
}

}  // namespace

Identity::Identity(IdentityOptions options,
                   bool loopback,
                   const Clock& clock,
                   telemetry::Logger& logger)
    : options_(WithSessionKey(std::move(options), logger)),
      sessions_(options_.session_key,
                std::chrono::floor<std::chrono::seconds>(options_.session_lifetime),
                options_.external_url && options_.external_url->tls,
                clock),
      anonymous_(options_.Configured(), options_.anonymous_role, loopback),
      authenticator_(options_, sessions_, MakeSources(clock, logger), clock, logger) {}

CredentialSources Identity::MakeSources(const Clock& clock, telemetry::Logger& logger) {
  CredentialSources sources;
  if (options_.ldap) sources.ldap = &ldap_.emplace(*options_.ldap, logger);
  if (!options_.oidc) return sources;
  const auto& oidc = *options_.oidc;
  fetcher_.emplace(oidc.timeout, oidc.ca_file);
  sources.oidc = &oidc_.emplace(oidc, *fetcher_, clock, logger);
  if (!oidc.client_id.empty() && options_.external_url) {
    login_flow_.emplace(oidc, *options_.external_url, options_.session_key, sessions_, *oidc_,
                        *fetcher_, clock, logger);
  }
  return sources;
}

}  // namespace gateway::identity
