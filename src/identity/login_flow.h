// The login of a browser at an OpenID Connect provider: authorization code flow with PKCE.
//
// Nothing is kept between the two steps but a cookie with a random number; state, nonce and the
// PKCE verifier are derived from it with the session key. So the browser that began the login must
// finish it, on whatever instance, within kLifetime; the verifier leaves us only towards the
// provider. Threads: any; both calls may block for a few requests to the provider. Source: OpenID
// Connect Core 1.0 §3.1, RFC 7636 (PKCE), RFC 9207 (iss), RFC 9700.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/url.h"
#include "identity/digest.h"
#include "identity/http_fetcher.h"
#include "identity/oidc_provider.h"
#include "identity/options.h"
#include "identity/sessions.h"

namespace gateway::identity {

// Where browsers come to; the provider must have external_url + kCallbackPath as a redirect URI.
inline constexpr std::string_view kLoginPath = "/auth/login";
inline constexpr std::string_view kCallbackPath = "/auth/callback";

// To be answered with 302 (or 303), these Set-Cookie headers and Cache-Control: no-store.
struct LoginRedirect {
  std::string location;
  std::vector<std::string> cookies;
};

struct FinishedLogin {
  Principal principal;
  LoginRedirect redirect;  // back to where the login began, with the session's cookie
};

class LoginFlow {
 public:
  static constexpr std::chrono::minutes kLifetime{10};

  // `external_url`: where browsers reach us. All references must outlive this.
  LoginFlow(const OidcOptions& options,
            const Url& external_url,
            std::string_view session_key,
            const Sessions& sessions,
            OidcProvider& provider,
            HttpFetcher& fetcher,
            const Clock& clock,
            telemetry::Logger& logger);

  // GET kLoginPath: sends the browser to the provider. `return_to`: the path to show after it, "/"
  // when it is empty or would lead to another site. kUnavailable: the provider is down.
  Expected<LoginRedirect> Begin(std::string_view return_to);

  // GET kCallbackPath with this query (behind the "?") and Cookie header. kUnauthenticated: the
  // login failed, or this is not the browser that began it; the message is for the user.
  // kUnavailable: the provider is down.
  Expected<FinishedLogin> Finish(std::string_view query, std::string_view cookie_header);

 private:
  struct Attempt {
    std::string secret;  // random, base64url
    std::string return_to;
  };
  struct Tokens {
    std::string id_token;
    std::string access_token;
  };

  std::string_view cookie_name() const;
  std::string Derive(std::string_view purpose, const std::string& secret) const;
  std::string CookieValue(const Attempt& attempt) const;
  std::optional<Attempt> ReadCookie(std::string_view value) const;
  Expected<Tokens> Redeem(const std::string& code, const Attempt& attempt);
  Expected<Principal> Identify(const Tokens& tokens, const Attempt& attempt);
  Expected<JsonObject> AskForUser(const Tokens& tokens, const JsonObject& claims);
  std::unexpected<Error> Failed(std::string_view reason);

  const OidcOptions& options_;
  const std::string redirect_uri_;
  const bool secure_;
  const Digest key_;
  const Sessions& sessions_;
  OidcProvider& provider_;
  HttpFetcher& fetcher_;
  const Clock& clock_;
  telemetry::Logger& logger_;
};

}  // namespace gateway::identity
