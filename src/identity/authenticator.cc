#include "identity/authenticator.h"

#include <algorithm>

#include <fmt/format.h>

#include "identity/password_hash.h"
#include "identity/user_name.h"

namespace gateway::identity {
namespace {

using telemetry::Level;

constexpr std::size_t kMaxTokenBytes = 16 * 1024;  // tokens with many groups reach a few KiB
// What is known when WaitsFor() looks is known for so long at least.
constexpr std::chrono::milliseconds kMargin{500};

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

Waits Authenticator::WaitsFor(const Credentials& credentials) const {
  if (const auto& token = credentials.token; !token.empty()) {
    const bool asks = sources_.oidc && token.size() <= kMaxTokenBytes && LooksLikeJwt(token) &&
                      !tokens_.Find(token) && sources_.oidc->MustAsk(token);
    return asks ? Waits::kForOthers : Waits::kForNothing;
  }
  if (credentials.user.empty() && credentials.password.empty()) return Waits::kForNothing;
  const auto user = UserOf(credentials);
  if (!user || throttle_.WaitFor(*user, credentials.client) > kMargin ||
      verified_.Find(*user, credentials.password, kMargin)) {
    return Waits::kForNothing;
  }
  return IsOfDirectory(*user) ? Waits::kForOthers : Waits::kForHashing;
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
  const auto& password = credentials.password;
  const auto& client = credentials.client;
  if (!has_users_ && !sources_.ldap) {
    return Refuse("no users are configured: send a token as 'Authorization: Bearer TOKEN'");
  }
  const auto folded = UserOf(credentials);
  if (!folded) return Refuse("user or password is wrong");
  const auto& user = *folded;
  if (const auto wait = throttle_.WaitFor(user, client); wait.count() > 0) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("too many wrong passwords for this user: try again in {} s",
                            std::chrono::ceil<std::chrono::seconds>(wait).count()),
                Origin::kClient);
  }
  if (auto known = verified_.Find(user, password)) return *std::move(known);
  auto principal = AskForPassword(user, password);
  if (!principal) {
    NoteFailure(user, client, principal.error());
    return principal;
  }
  throttle_.Succeeded(user, client);
  verified_.Remember(user, password, *principal);
  return principal;
}

// Once, before anything goes by it: a directory lets all spellings in, so to count failures, or to
// look for a user of the file, by one of them would let the others pass.
std::optional<std::string> Authenticator::UserOf(const Credentials& credentials) const {
  const auto& password = credentials.password;
  // An empty password is one that LDAP servers may take for an anonymous bind.
  if (!IsValidName(credentials.user) || password.empty() || password.size() > kMaxPasswordBytes ||
      password.find('\0') != std::string::npos) {
    return std::nullopt;
  }
  auto folded = FoldUserName(credentials.user);
  if (!folded || !IsValidName(*folded)) return std::nullopt;
  return folded;
}

bool Authenticator::IsOfDirectory(const std::string& user) const {
  return sources_.ldap && !users_.Has(user);
}

// A user of the file hides one of the directory with the same name, so that a directory cannot
// take over his role.
Expected<Principal> Authenticator::AskForPassword(const std::string& user,
                                                  const std::string& password) {
  if (!IsOfDirectory(user)) return users_.Verify(user, password);
  return sources_.ldap->CheckPassword(user, password);
}

void Authenticator::NoteFailure(const std::string& user,
                                const std::string& client,
                                const Error& error) {
  if (error.code != ErrorCode::kUnauthenticated) return;
  const auto wait = throttle_.Failed(user, client);
  if (wait.count() == 0) return;
  logger_.Event(Level::kWarn, "identity.throttled",
                {{"user", user}, {"client", client}, {"wait_ms", wait.count()}});
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
