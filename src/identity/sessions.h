// Sessions of the GUI: a signed cookie that says who logged in, and until when. Nothing is stored,
// so every instance with the same key accepts it.
//
// Value: 1.EXPIRY.ROLE.VIA.NAME.SIGNATURE; NAME and SIGNATURE (HMAC-SHA256 of all before it) in
// base64url, EXPIRY in seconds since 1970.
// Threads: immutable. Source: RFC 6265bis (SameSite, __Host- names).
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "identity/digest.h"
#include "identity/principal.h"

namespace gateway::identity {

// The value of the cookie `name` in a Cookie header; empty: not there. A view into `header`.
std::string_view FindCookie(std::string_view header, std::string_view name);

// A Set-Cookie header's value for a cookie that scripts cannot read and that other sites' forms do
// not send. A lifetime of zero takes the cookie away.
std::string CookieHeader(std::string_view name,
                         std::string_view value,
                         std::chrono::seconds lifetime,
                         bool secure);

class Sessions {
 public:
  // `key`: the same on all instances. `secure`: browsers reach us by https. `clock` must outlive
  // this.
  Sessions(std::string_view key, std::chrono::seconds lifetime, bool secure, const Clock& clock);

  // With https `__Host-trino_gateway_session`: browsers then refuse to take it from another host.
  std::string_view cookie_name() const { return secure_ ? kSecureName : kName; }

  // The value of a Set-Cookie header that begins a session of `principal`; its `via` is kept.
  std::string Begin(const Principal& principal) const;

  // The value of a Set-Cookie header that ends it in the browser.
  std::string End() const { return CookieHeader(cookie_name(), "", {}, secure_); }

  // Who logged in, with the `via` of then. kUnauthenticated: not signed by us, or expired.
  Expected<Principal> Read(std::string_view value) const;

 private:
  static constexpr std::string_view kName = "trino_gateway_session";
  static constexpr std::string_view kSecureName = "__Host-trino_gateway_session";

  std::string ValueFor(const Principal& principal) const;
  std::chrono::seconds Now() const;

  const Digest key_;
  const std::chrono::seconds lifetime_;
  const bool secure_;
  const Clock& clock_;
};

}  // namespace gateway::identity
