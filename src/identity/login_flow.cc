#include "identity/login_flow.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/strings.h"

namespace gateway::identity {
namespace {

using telemetry::Level;

constexpr std::size_t kMaxReturnTo = 512;
constexpr std::size_t kMaxCookie = 2048;
constexpr std::size_t kMaxQuery = 8 * 1024;

std::unexpected<Error> Refuse(std::string message) {
  return Fail(ErrorCode::kUnauthenticated, std::move(message), Origin::kClient);
}

bool SameText(std::string_view a, std::string_view b) {
  return SameDigest(Sha256(a), Sha256(b));  // constant time for any lengths
}

// A path of ours. "//host" and "/\host" are other sites to a browser.
std::string LocalPath(std::string_view path) {
  const bool local =
      path.starts_with('/') && !path.starts_with("//") && path.size() <= kMaxReturnTo &&
      std::ranges::all_of(path, [](char c) { return c > ' ' && c < 0x7f && c != '\\'; });
  return local ? std::string(path) : "/";
}

// The decoded value of a parameter; nothing: not there, or there twice, which is no honest answer.
std::optional<std::string> Parameter(std::string_view query, std::string_view name) {
  std::optional<std::string> value;
  for (const auto pair : SplitList(query, '&')) {
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
    if (value) return std::nullopt;
    value = PercentDecode(pair.substr(equals + 1));
  }
  return value;
}

// `name=value&...` with the values encoded.
std::string Form(const std::vector<std::pair<std::string_view, std::string_view>>& fields) {
  std::string form;
  for (const auto& [name, value] : fields) {
    form += fmt::format("{}{}={}", form.empty() ? "" : "&", name, PercentEncode(value));
  }
  return form;
}

std::string ToBase64(std::string_view text) {
  std::string encoded((text.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return encoded;
}

// An error code of a provider or its words, for people: no control characters, no end.
std::string Shown(std::string_view text) {
  std::string shown(text.substr(0, 200));
  std::ranges::replace_if(shown, [](char c) { return c < ' ' || c == 0x7f; }, '?');
  return shown;
}

}  // namespace

LoginFlow::LoginFlow(const OidcOptions& options,
                     const Url& external_url,
                     std::string_view session_key,
                     const Sessions& sessions,
                     OidcProvider& provider,
                     HttpFetcher& fetcher,
                     const Clock& clock,
                     telemetry::Logger& logger)
    : options_(options),
      redirect_uri_(external_url.ToString() + std::string(kCallbackPath)),
      secure_(external_url.tls),
      key_(HmacSha256(session_key, "trino-gateway login 1")),
      sessions_(sessions),
      provider_(provider),
      fetcher_(fetcher),
      clock_(clock),
      logger_(logger) {}

Expected<LoginRedirect> LoginFlow::Begin(std::string_view return_to) {
  const auto endpoints = provider_.Endpoints();
  if (!endpoints) return std::unexpected(endpoints.error());
  const Attempt attempt{ToBase64Url(RandomBytes(32)), LocalPath(return_to)};
  const auto verifier = Derive("verifier", attempt.secret);
  const auto challenge = ToBase64Url(BytesOf(Sha256(verifier)));
  const auto scope = fmt::format("{}", fmt::join(options_.scopes, " "));
  const auto form = Form({{"response_type", "code"},
                          {"client_id", options_.client_id},
                          {"redirect_uri", redirect_uri_},
                          {"scope", scope},
                          {"state", Derive("state", attempt.secret)},
                          {"nonce", Derive("nonce", attempt.secret)},
                          {"code_challenge", challenge},
                          {"code_challenge_method", "S256"}});
  auto location = endpoints->authorization.ToString();
  location += location.find('?') == std::string::npos ? '?' : '&';
  return LoginRedirect{location + form,
                       {CookieHeader(cookie_name(), CookieValue(attempt), kLifetime, secure_)}};
}

Expected<FinishedLogin> LoginFlow::Finish(std::string_view query, std::string_view cookie_header) {
  const auto attempt = ReadCookie(FindCookie(cookie_header, cookie_name()));
  if (!attempt) return Refuse("the login took too long, or began in another browser: log in again");
  if (query.size() > kMaxQuery) return Refuse("the answer of the identity provider is too long");
  const auto state = Parameter(query, "state");
  if (!state || !SameText(*state, Derive("state", attempt->secret))) {
    return Refuse("another login began meanwhile in this browser: log in again");
  }
  const auto issuer = Parameter(query, "iss");
  if (issuer && *issuer != options_.issuer) return Failed("the answer is of another issuer");
  if (const auto error = Parameter(query, "error")) {
    return Refuse(fmt::format("the identity provider refused the login: {}", Shown(*error)));
  }
  const auto code = Parameter(query, "code");
  if (!code || code->empty()) return Failed("the answer holds no code");
  const auto tokens = Redeem(*code, *attempt);
  if (!tokens) return std::unexpected(tokens.error());
  auto principal = Identify(*tokens, *attempt);
  if (!principal) return std::unexpected(std::move(principal).error());
  LoginRedirect redirect{
      attempt->return_to,
      {sessions_.Begin(*principal), CookieHeader(cookie_name(), "", {}, secure_)}};
  return FinishedLogin{*std::move(principal), std::move(redirect)};
}

Expected<LoginFlow::Tokens> LoginFlow::Redeem(const std::string& code, const Attempt& attempt) {
  const auto endpoints = provider_.Endpoints();
  if (!endpoints) return std::unexpected(endpoints.error());
  auto form = Form({{"grant_type", "authorization_code"},
                    {"code", code},
                    {"redirect_uri", redirect_uri_},
                    {"code_verifier", Derive("verifier", attempt.secret)}});
  HttpFields fields;
  const bool in_form = options_.client_secret.empty() || endpoints->secret_in_form;
  if (in_form) form += '&' + Form({{"client_id", options_.client_id}});
  if (in_form && !options_.client_secret.empty()) {
    form += '&' + Form({{"client_secret", options_.client_secret}});
  }
  if (!in_form) {
    const auto pair = fmt::format("{}:{}", PercentEncode(options_.client_id),
                                  PercentEncode(options_.client_secret));
    fields.emplace_back("Authorization", "Basic " + ToBase64(pair));
  }
  const auto answer = fetcher_.Post(endpoints->token, fields, form);
  if (!answer) {
    logger_.Event(Level::kError, "identity.oidc_failed", {{"reason", answer.error().message}});
    return Fail(ErrorCode::kUnavailable, "the identity provider cannot be asked now: try again");
  }
  const auto document = JsonObject::Parse(answer->body);
  if (answer->status != 200 || !document) {
    const auto error = document ? document->Text("error").value_or("") : "";
    return Failed(fmt::format("the code was not taken: {} {}", answer->status, Shown(error)));
  }
  Tokens tokens{document->Text("id_token").value_or(""),
                document->Text("access_token").value_or("")};
  if (tokens.id_token.empty()) return Failed("there is no ID token: is 'openid' in the scopes?");
  return tokens;
}

Expected<Principal> LoginFlow::Identify(const Tokens& tokens, const Attempt& attempt) {
  const auto claims = provider_.Verify(tokens.id_token, {options_.client_id});
  if (!claims) {
    if (claims.error().code != ErrorCode::kUnauthenticated) return std::unexpected(claims.error());
    return Failed(claims.error().message);
  }
  if (!SameText(claims->Text("nonce").value_or(""), Derive("nonce", attempt.secret))) {
    return Failed("the ID token is of another login");
  }
  if (claims->Has("azp") && claims->Text("azp") != options_.client_id) {
    return Failed("the ID token was made for another client");
  }
  const bool complete = !claims->Texts(options_.role_claim).empty() &&
                        !claims->Text(options_.name_claim).value_or("").empty();
  if (complete) return provider_.PrincipalOf(*claims);
  const auto user = AskForUser(tokens, *claims);
  if (!user) return std::unexpected(user.error());
  return provider_.PrincipalOf(*claims, &*user);
}

// Many providers put groups not into the ID token, but into what the access token can ask for.
Expected<JsonObject> LoginFlow::AskForUser(const Tokens& tokens, const JsonObject& claims) {
  const auto endpoints = provider_.Endpoints();
  if (!endpoints) return std::unexpected(endpoints.error());
  const bool sendable =
      !tokens.access_token.empty() &&
      std::ranges::all_of(tokens.access_token, [](char c) { return c > ' ' && c < 0x7f; });
  if (!endpoints->userinfo || !sendable) return claims;
  const auto answer =
      fetcher_.Get(*endpoints->userinfo, {{"Authorization", "Bearer " + tokens.access_token}});
  if (!answer || answer->status != 200) {
    return Failed(answer ? fmt::format("userinfo answered {}", answer->status)
                         : answer.error().message);
  }
  auto user = JsonObject::Parse(answer->body);
  if (!user) return Failed("userinfo: " + user.error().message);
  // Another's claims must not become this user's (Core §5.3.2).
  if (user->Text("sub") != claims.Text("sub")) return Failed("userinfo is about another user");
  return user;
}

std::string_view LoginFlow::cookie_name() const {
  return secure_ ? "__Host-trino_gateway_login" : "trino_gateway_login";
}

std::string LoginFlow::Derive(std::string_view purpose, const std::string& secret) const {
  return ToBase64Url(BytesOf(HmacSha256(BytesOf(key_), fmt::format("{} {}", purpose, secret))));
}

// EXPIRY.SECRET.RETURN_TO.SIGNATURE
std::string LoginFlow::CookieValue(const Attempt& attempt) const {
  const auto expiry =
      std::chrono::floor<std::chrono::seconds>((clock_.WallNow() + kLifetime).time_since_epoch());
  const auto content =
      fmt::format("{}.{}.{}", expiry.count(), attempt.secret, ToBase64Url(attempt.return_to));
  return content + '.' + Derive("cookie", content);
}

std::optional<LoginFlow::Attempt> LoginFlow::ReadCookie(std::string_view value) const {
  const auto last = value.rfind('.');
  if (value.size() > kMaxCookie || last == std::string_view::npos) return std::nullopt;
  const std::string content(value.substr(0, last));
  if (!SameText(value.substr(last + 1), Derive("cookie", content))) return std::nullopt;
  const auto first = content.find('.');
  const auto second = content.find('.', first + 1);
  if (first == std::string::npos || second == std::string::npos) return std::nullopt;
  const auto expiry = ParseDecimal(std::string_view(content).substr(0, first));
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.WallNow().time_since_epoch());
  if (!expiry || *expiry <= static_cast<std::uint64_t>(now.count())) return std::nullopt;
  return Attempt{content.substr(first + 1, second - first - 1),
                 LocalPath(FromBase64Url(content.substr(second + 1)).value_or("/"))};
}

// The operator has to know why; the user can only try again.
std::unexpected<Error> LoginFlow::Failed(std::string_view reason) {
  logger_.Event(Level::kWarn, "identity.login_failed", {{"reason", reason}});
  return Refuse("the login failed, the gateway's log says why: log in again");
}

}  // namespace gateway::identity
