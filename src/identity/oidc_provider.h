// An OpenID Connect provider: what it says about itself, its keys, and its tokens.
//
// The discovery document and the keys are fetched when first needed and kept. A token with a key
// that is not known fetches the keys again, at most every kMinRefetch, so that invented key ids
// cannot make us flood the provider; the same holds after a failure. While the provider is down its
// old keys serve for kStaleLimit. Threads: any; calls may block for a request or two. Source:
// OpenID Connect Discovery 1.0.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "identity/credential_source.h"
#include "identity/endpoint_url.h"
#include "identity/http_fetcher.h"
#include "identity/json_object.h"
#include "identity/jwt.h"
#include "identity/options.h"
#include "identity/public_key.h"
#include "telemetry/logger.h"

namespace gateway::identity {

// From the discovery document.
struct OidcEndpoints {
  EndpointUrl authorization;
  EndpointUrl token;
  EndpointUrl keys;
  std::optional<EndpointUrl> userinfo;
  bool secret_in_form = false;  // the provider takes no Authorization: Basic from clients
};

class OidcProvider final : public BearerSource {
 public:
  static constexpr std::chrono::seconds kMinRefetch{10};
  static constexpr std::chrono::hours kStaleLimit{24};

  // All but `options` must outlive this.
  OidcProvider(OidcOptions options,
               HttpFetcher& fetcher,
               const Clock& clock,
               telemetry::Logger& logger);

  // A bearer token of the API. Errors are for the caller; why the provider fails is logged.
  Expected<Principal> CheckToken(std::string_view token) override;

  bool MustAsk(std::string_view token) override;

  // kUnavailable: it cannot be asked, or its document is not usable.
  Expected<OidcEndpoints> Endpoints();

  // The claims of a token for one of `audiences`. Errors as those of CheckToken().
  Expected<JsonObject> Verify(std::string_view token, const std::vector<std::string>& audiences);

  // Who a user with these claims is. What `claims` lack, name or role, is looked for in `more`,
  // which may be null. kUnauthenticated: they hold no usable name.
  Expected<Principal> PrincipalOf(const JsonObject& claims, const JsonObject* more = nullptr) const;

 private:
  struct Keys {
    std::vector<PublicKey> keys;
    Clock::TimePoint fetched;
  };

  Expected<PublicKey> FindKey(const std::string& id, Algorithm algorithm);
  // One that needs not be fetched again for at least `margin`.
  std::optional<PublicKey> FreshKey(const std::string& id,
                                    Algorithm algorithm,
                                    std::chrono::seconds margin = {}) const;
  std::optional<PublicKey> KnownKey(const std::string& id, Algorithm algorithm) const;
  Expected<OidcEndpoints> Discover();
  Expected<OidcEndpoints> FetchDocument() const;
  Expected<OidcEndpoints> ReadDocument(std::string_view text) const;
  Expected<void> RefetchKeys();
  Expected<std::vector<PublicKey>> FetchKeys(const EndpointUrl& url) const;
  void LogFailure(const Error& error);

  const OidcOptions options_;
  std::vector<Algorithm> algorithms_;
  HttpFetcher& fetcher_;
  const Clock& clock_;
  telemetry::Logger& logger_;

  // Held over requests to the provider: who needs what is being fetched waits for it.
  std::mutex mutex_;
  mutable std::mutex keys_mutex_;           // held for a look at keys_; after mutex_, if at all
  std::optional<OidcEndpoints> endpoints_;  // these are guarded by mutex_
  Clock::TimePoint discovered_;
  std::optional<Clock::TimePoint> discovery_failed_;
  std::optional<Keys> keys_;  // changed while both are held
  std::optional<Clock::TimePoint> keys_tried_;
};

}  // namespace gateway::identity
