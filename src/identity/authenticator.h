// Tells who sends a request, from whatever it brings: the one place that knows all ways to prove
// it.
//
// Explicit credentials count before a session, and wrong ones are refused even when the session is
// good. Who brings none is a matter of AnonymousPolicy.
// Threads: any. Authenticate() may take long (argon2, LDAP, keys of an OIDC provider) where
// WaitsFor() says so: then call it on a thread that may wait.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "identity/credential_source.h"
#include "identity/login_throttle.h"
#include "identity/options.h"
#include "identity/password_users.h"
#include "identity/sessions.h"
#include "identity/static_tokens.h"
#include "identity/verified_logins.h"
#include "telemetry/logger.h"

namespace gateway::identity {

// What is not configured is null.
struct CredentialSources {
  PasswordSource* ldap = nullptr;
  BearerSource* oidc = nullptr;
};

class Authenticator {
 public:
  // All but `options` must outlive this.
  Authenticator(const IdentityOptions& options,
                const Sessions& sessions,
                CredentialSources sources,
                const Clock& clock,
                telemetry::Logger& logger);

  // kUnauthenticated: no credentials, or not good ones; the message is for the caller and says what
  // to do. kUnavailable: they cannot be checked now (directory down, too many tries): 503.
  // The role of who is found may be kNone: see Authorize().
  Expected<Principal> Authenticate(const Credentials& credentials);

  // What Authenticate() may have to wait for, when it is called now. Nothing for tokens, sessions,
  // JWTs whose key is known, logins that are remembered, and what is refused unseen.
  Waits WaitsFor(const Credentials& credentials) const;

 private:
  Expected<Principal> CheckToken(const std::string& token);
  Expected<Principal> CheckPassword(const Credentials& credentials);
  // The name in one form for all spellings; nothing: there is no such user, or no such password.
  std::optional<std::string> UserOf(const Credentials& credentials) const;
  bool IsOfDirectory(const std::string& user) const;
  // `user` is folded from here on: see FoldUserName().
  Expected<Principal> AskForPassword(const std::string& user, const std::string& password);
  Expected<Principal> CheckSession(const std::string& session) const;
  void NoteFailure(const std::string& user, const std::string& client, const Error& error);

  const StaticTokens tokens_;
  PasswordUsers users_;
  const bool has_users_;
  const Sessions& sessions_;
  const CredentialSources sources_;
  telemetry::Logger& logger_;
  LoginThrottle throttle_;
  VerifiedLogins verified_;
};

}  // namespace gateway::identity
