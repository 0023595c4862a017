#include "identity/oidc_provider.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "identity/role_mapping.h"

namespace gateway::identity {
namespace {

using telemetry::Level;

std::unexpected<Error> Refuse(std::string message) {
  return Fail(ErrorCode::kUnauthenticated, std::move(message), Origin::kClient);
}

std::unexpected<Error> Unusable(std::string message) {
  return Fail(ErrorCode::kUnavailable, std::move(message), Origin::kBackend);
}

// What callers are told; addresses and reasons are for the log.
std::unexpected<Error> Down() {
  return Unusable("the identity provider cannot be asked now: try again later");
}

// The answer's body when it is a success.
Expected<std::string> BodyOf(const Expected<HttpAnswer>& answer, const EndpointUrl& url) {
  if (!answer) return std::unexpected(answer.error());
  if (answer->status == 200) return answer->body;
  return Unusable(fmt::format("{}: answered {}", url.ToString(), answer->status));
}

Expected<EndpointUrl> EndpointOf(const JsonObject& document, std::string_view member) {
  const auto text = document.Text(member);
  if (!text) return Unusable(fmt::format("the discovery document has no {}", member));
  auto url = ParseEndpointUrl(*text);
  if (!url) return Unusable(fmt::format("{}: {}", member, url.error().message));
  return url;
}

bool TakesOnlySecretsInForms(const JsonObject& document) {
  // Without the member it is client_secret_basic (Discovery §3).
  const auto methods = document.Texts("token_endpoint_auth_methods_supported");
  const auto has = [&methods](std::string_view method) {
    return std::ranges::find(methods, method) != methods.end();
  };
  return has("client_secret_post") && !has("client_secret_basic");
}

}  // namespace

OidcProvider::OidcProvider(OidcOptions options,
                           HttpFetcher& fetcher,
                           const Clock& clock,
                           telemetry::Logger& logger)
    : options_(std::move(options)), fetcher_(fetcher), clock_(clock), logger_(logger) {
  for (const auto& name : options_.algorithms) {
    if (const auto algorithm = ParseAlgorithmName(name)) algorithms_.push_back(*algorithm);
  }
}

Expected<Principal> OidcProvider::CheckToken(std::string_view token) {
  const auto claims = Verify(
      token, options_.audiences.empty() ? std::vector{options_.client_id} : options_.audiences);
  if (!claims) return std::unexpected(claims.error());
  return PrincipalOf(*claims);
}

bool OidcProvider::MustAsk(std::string_view token) {
  constexpr std::chrono::seconds kMargin{1};
  bool must = false;
  const auto look = [&](const std::string& id, Algorithm algorithm) -> Expected<PublicKey> {
    must = !FreshKey(id, algorithm, kMargin);
    return Refuse("it was only looked at");
  };
  static_cast<void>(VerifyJwt(token, {options_.issuer, {}, algorithms_, options_.leeway}, look,
                              clock_.WallNow()));
  return must;
}

Expected<JsonObject> OidcProvider::Verify(std::string_view token,
                                          const std::vector<std::string>& audiences) {
  return VerifyJwt(
      token, {options_.issuer, audiences, algorithms_, options_.leeway},
      [this](const std::string& id, Algorithm algorithm) { return FindKey(id, algorithm); },
      clock_.WallNow());
}

Expected<Principal> OidcProvider::PrincipalOf(const JsonObject& claims,
                                              const JsonObject* more) const {
  auto name = claims.Text(options_.name_claim).value_or("");
  if (name.empty() && more) name = more->Text(options_.name_claim).value_or("");
  if (name.empty()) name = claims.Text("sub").value_or("");
  if (!IsValidName(name)) return Refuse("the token names no usable user");
  auto values = claims.Texts(options_.role_claim);
  if (values.empty() && more) values = more->Texts(options_.role_claim);
  const auto role = HighestRole(options_.mapping, [&values](const std::string& value) {
    return std::ranges::find(values, value) != values.end();
  });
  return Principal{std::move(name), role, "oidc"};
}

Expected<OidcEndpoints> OidcProvider::Endpoints() {
  const std::lock_guard lock(mutex_);
  return Discover();
}

Expected<PublicKey> OidcProvider::FindKey(const std::string& id, Algorithm algorithm) {
  if (auto key = FreshKey(id, algorithm)) return *std::move(key);
  const std::lock_guard lock(mutex_);
  const auto age = [this] { return clock_.Now() - keys_->fetched; };
  if (auto key = FreshKey(id, algorithm)) return *std::move(key);  // fetched by somebody else
  const auto refetched = RefetchKeys();
  if (!keys_ || age() >= kStaleLimit) {
    return refetched ? Down() : std::unexpected(refetched.error());
  }
  if (auto key = KnownKey(id, algorithm)) return *std::move(key);
  return Refuse("the token is not valid: its key is not known");
}

std::optional<PublicKey> OidcProvider::FreshKey(const std::string& id,
                                                Algorithm algorithm,
                                                std::chrono::seconds margin) const {
  const std::lock_guard lock(keys_mutex_);
  if (!keys_ || clock_.Now() - keys_->fetched + margin >= options_.keys_max_age) {
    return std::nullopt;
  }
  return KnownKey(id, algorithm);
}

std::optional<PublicKey> OidcProvider::KnownKey(const std::string& id, Algorithm algorithm) const {
  std::optional<PublicKey> found;
  for (const auto& key : keys_->keys) {
    if (!key.Fits(algorithm) || (!id.empty() && key.id() != id)) continue;
    // A token without a key id is fine while there is no choice.
    if (found && id.empty()) return std::nullopt;
    if (!found) found = key;
  }
  return found;
}

// The lock is held.
Expected<OidcEndpoints> OidcProvider::Discover() {
  const auto now = clock_.Now();
  if (endpoints_ && now - discovered_ < options_.keys_max_age) return *endpoints_;
  if (discovery_failed_ && now - *discovery_failed_ < kMinRefetch) return Down();
  auto endpoints = FetchDocument();
  if (!endpoints) {
    discovery_failed_ = now;
    LogFailure(endpoints.error());
    return Down();
  }
  endpoints_ = *endpoints;
  discovered_ = now;
  return endpoints;
}

Expected<OidcEndpoints> OidcProvider::FetchDocument() const {
  auto base = options_.issuer;
  if (base.ends_with('/')) base.pop_back();
  const auto url = ParseEndpointUrl(base + "/.well-known/openid-configuration");
  if (!url) return Unusable(url.error().message);
  const auto body = BodyOf(fetcher_.Get(*url, {}), *url);
  if (!body) return std::unexpected(body.error());
  auto endpoints = ReadDocument(*body);
  if (!endpoints)
    return Unusable(fmt::format("{}: {}", url->ToString(), endpoints.error().message));
  return endpoints;
}

Expected<OidcEndpoints> OidcProvider::ReadDocument(std::string_view text) const {
  const auto document = JsonObject::Parse(text);
  if (!document) return std::unexpected(document.error());
  const auto issuer = document->Text("issuer").value_or("");
  if (issuer != options_.issuer) {
    return Unusable(fmt::format("the issuer there is '{}', not '{}': write it the same way",
                                issuer.substr(0, 256), options_.issuer));
  }
  OidcEndpoints endpoints;
  const struct {
    std::string_view member;
    EndpointUrl& url;
  } needed[] = {{"authorization_endpoint", endpoints.authorization},
                {"token_endpoint", endpoints.token},
                {"jwks_uri", endpoints.keys}};
  for (const auto& [member, url] : needed) {
    auto found = EndpointOf(*document, member);
    if (!found) return std::unexpected(found.error());
    url = *std::move(found);
  }
  if (document->Has("userinfo_endpoint")) {
    auto userinfo = EndpointOf(*document, "userinfo_endpoint");
    if (!userinfo) return std::unexpected(userinfo.error());
    endpoints.userinfo = *std::move(userinfo);
  }
  endpoints.secret_in_form = TakesOnlySecretsInForms(*document);
  return endpoints;
}

// The lock is held. Does nothing, successfully, when the last try was just now.
Expected<void> OidcProvider::RefetchKeys() {
  const auto now = clock_.Now();
  if (keys_tried_ && now - *keys_tried_ < kMinRefetch) return {};
  keys_tried_ = now;
  const auto endpoints = Discover();
  if (!endpoints) return std::unexpected(endpoints.error());
  auto keys = FetchKeys(endpoints->keys);
  if (!keys) {
    LogFailure(keys.error());
    return Down();
  }
  const std::lock_guard lock(keys_mutex_);
  keys_ = Keys{*std::move(keys), now};
  return {};
}

Expected<std::vector<PublicKey>> OidcProvider::FetchKeys(const EndpointUrl& url) const {
  const auto body = BodyOf(fetcher_.Get(url, {}), url);
  if (!body) return std::unexpected(body.error());
  auto keys = ParseKeySet(*body);
  if (!keys) return Unusable(fmt::format("{}: {}", url.ToString(), keys.error().message));
  return keys;
}

void OidcProvider::LogFailure(const Error& error) {
  logger_.Event(Level::kError, "identity.oidc_failed", {{"reason", error.message}});
}

}  // namespace gateway::identity
