#include "identity/authenticator.h"

#include <algorithm>

#include <fmt/format.h>

#include "identity/password_hash.h"

namespace gateway::identity {
namespace {

using telemetry::Level;

constexpr std::size_t kMaxTokenBytes = 16 * 1024;  // tokens with many groups reach a few KiB

std::unexpected<Error> Refuse(std::string message) {
  return Fail(ErrorCode::kUnauthenticated, std::move(message), Origin::kClient);
}

// HEADER.PAYLOAD.SIGNATURE: worth showing to the source of bearer tokens.
bool LooksLikeJwt(std::string_view token) { return std::ranges::count(token, '.') == 2; }

}  // namespace

Authenticator::Authenticator(const IdentityOptions& options,
                             const Sessions& sessions,
                             CredentialSources sources,
                             const Clock& clock,
                             telemetry::Logger& logger)
    : tokens_(options.tokens),
      users_(options.users),
      has_users_(!options.users.empty()),
      sessions_(sessions),
      sources_(sources),
      logger_(logger),
      throttle_(clock),
      verified_(clock) {}

bool Authenticator::Blocks(const Credentials& credentials) const {
  if (!credentials.token.empty()) return sources_.oidc && LooksLikeJwt(credentials.token);
  return !credentials.user.empty() || !credentials.password.empty();
}

Expected<Principal> Authenticator::Authenticate(const Credentials& credentials) {
  if (!credentials.token.empty()) return CheckToken(credentials.token);
  if (!credentials.user.empty() || !credentials.password.empty()) {
    return CheckPassword(credentials);
  }
  if (!credentials.session.empty()) return CheckSession(credentials.session);
  return Refuse("send a token as 'X-Auth-Key: TOKEN' or 'Authorization: Bearer TOKEN', or log in");
}

Expected<Principal> Authenticator::CheckToken(const std::string& token) {
  if (token.size() > kMaxTokenBytes) {
    return Refuse(fmt::format("the token is longer than {} bytes", kMaxTokenBytes));
  }
  if (auto principal = tokens_.Find(token)) return *std::move(principal);
  if (sources_.oidc && LooksLikeJwt(token)) return sources_.oidc->CheckToken(token);
  return Refuse("the token is wrong");
}

Expected<Principal> Authenticator::CheckPassword(const Credentials& credentials) {
  const auto& [token, user, password, session, client] = credentials;
  if (!has_users_ && !sources_.ldap) {
    return Refuse("no users are configured: send a token as 'Authorization: Bearer TOKEN'");
  }
  // An empty password is one that LDAP servers may take for an anonymous bind.
  if (!IsValidName(user) || password.empty() || password.size() > kMaxPasswordBytes ||
      password.find('\0') != std::string::npos) {
    return Refuse("user or password is wrong");
  }
  if (const auto wait = throttle_.WaitFor(user, client); wait.count() > 0) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("too many wrong passwords for this user: try again in {} s",
                            std::chrono::ceil<std::chrono::seconds>(wait).count()),
                Origin::kClient);
  }
  if (auto known = verified_.Find(user, password)) return *std::move(known);
  auto principal = AskForPassword(credentials);
  if (!principal) {
    NoteFailure(credentials, principal.error());
    return principal;
  }
  throttle_.Succeeded(user, client);
  verified_.Remember(user, password, *principal);
  return principal;
}

// A user of the file hides one of the directory with the same name, so that a directory cannot
// take over his role.
Expected<Principal> Authenticator::AskForPassword(const Credentials& credentials) {
  if (!sources_.ldap || users_.Has(credentials.user)) {
    return users_.Verify(credentials.user, credentials.password);
  }
  return sources_.ldap->CheckPassword(credentials.user, credentials.password);
}

void Authenticator::NoteFailure(const Credentials& credentials, const Error& error) {
  if (error.code != ErrorCode::kUnauthenticated) return;
  const auto wait = throttle_.Failed(credentials.user, credentials.client);
  if (wait.count() == 0) return;
  logger_.Event(
      Level::kWarn, "identity.throttled",
      {{"user", credentials.user}, {"client", credentials.client}, {"wait_ms", wait.count()}});
}

// A session lasts for hours; what the file says now can only lower what it allows.
Expected<Principal> Authenticator::CheckSession(const std::string& session) const {
  auto principal = sessions_.Read(session);
  if (!principal) return principal;
  if (principal->via == "password" || principal->via == "token") {
    const auto role = principal->via == "token" ? tokens_.RoleOf(principal->name)
                                                : users_.RoleOf(principal->name);
    if (!role) return Refuse("the session has ended: log in again");
    principal->role = std::min(principal->role, *role);
  }
  principal->via = "session";
  return principal;
}

}  // namespace gateway::identity
