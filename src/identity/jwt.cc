#include "identity/jwt.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "identity/digest.h"

namespace gateway::identity {
namespace {

constexpr std::size_t kMaxBytes = 16 * 1024;

std::unexpected<Error> Refuse(std::string_view reason) {
  return Fail(ErrorCode::kUnauthenticated, fmt::format("the token is not valid: {}", reason),
              Origin::kClient);
}

// The three parts, still encoded.
struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_part;  // header.payload
};

std::optional<Parts> Split(std::string_view token) {
  const auto first = token.find('.');
  const auto last = token.rfind('.');
  if (first == last || token.substr(first + 1, last - first - 1).find('.') != token.npos) {
    return std::nullopt;
  }
  return Parts{token.substr(0, first), token.substr(first + 1, last - first - 1),
               token.substr(last + 1), token.substr(0, last)};
}

std::optional<JsonObject> Decode(std::string_view part) {
  const auto text = FromBase64Url(part);
  if (!text) return std::nullopt;
  auto object = JsonObject::Parse(*text);
  if (!object) return std::nullopt;
  return *std::move(object);
}

// Tokens made for another purpose with the same keys (logout tokens, DPoP proofs) carry their type.
bool IsTypeForUs(const JsonObject& header) {
  if (!header.Has("typ")) return true;
  const auto type = header.Text("typ").value_or("");
  return EqualsIgnoreCase(type, "JWT") || EqualsIgnoreCase(type, "at+jwt") ||
         EqualsIgnoreCase(type, "application/at+jwt");
}

Expected<void> CheckTimes(const JsonObject& claims,
                          std::chrono::milliseconds leeway,
                          Clock::WallTime now) {
  const auto at = [](std::int64_t seconds) {
    return Clock::WallTime(std::chrono::seconds(seconds));
  };
  const auto expiry = claims.Date("exp");
  if (!expiry) return Refuse("it never expires");
  if (now >= at(*expiry) + leeway) return Refuse("it has expired");
  if (!claims.Has("nbf")) return {};
  const auto begin = claims.Date("nbf");
  if (!begin || now < at(*begin) - leeway) return Refuse("its time has not come");
  return {};
}

Expected<void> CheckClaims(const JsonObject& claims,
                           const JwtExpectations& expected,
                           Clock::WallTime now) {
  if (claims.Text("iss") != expected.issuer) return Refuse("it is of another issuer");
  const auto audiences = claims.Texts("aud");
  if (std::ranges::find_first_of(audiences, expected.audiences) == audiences.end()) {
    return Refuse("it is for another audience");
  }
  if (claims.Text("sub").value_or("").empty()) return Refuse("it has no subject");
  return CheckTimes(claims, expected.leeway, now);
}

}  // namespace

Expected<JsonObject> VerifyJwt(std::string_view token,
                               const JwtExpectations& expected,
                               const KeyFinder& find_key,
                               Clock::WallTime now) {
  if (token.size() > kMaxBytes) return Refuse("it is too long");
  const auto parts = Split(token);
  if (!parts) return Refuse("it has not three parts");
  const auto header = Decode(parts->header);
  if (!header) return Refuse("its header is not readable");
  const auto algorithm = ParseAlgorithmName(header->Text("alg").value_or(""));
  if (!algorithm ||
      std::ranges::find(expected.algorithms, *algorithm) == expected.algorithms.end()) {
    return Refuse("its algorithm is not allowed");
  }
  if (header->Has("crit")) return Refuse("it needs an extension that is not known");
  if (!IsTypeForUs(*header)) return Refuse("it is of another type");
  const auto signature = FromBase64Url(parts->signature);
  if (!signature || signature->empty()) return Refuse("its signature is not readable");

  const auto key = find_key(header->Text("kid").value_or(""), *algorithm);
  if (!key) return std::unexpected(key.error());
  if (!key->Verifies(*algorithm, parts->signed_part, *signature)) {
    return Refuse("its signature is wrong");
  }
  auto claims = Decode(parts->payload);
  if (!claims) return Refuse("its claims are not readable");
  if (auto checked = CheckClaims(*claims, expected, now); !checked) {
    return std::unexpected(std::move(checked).error());
  }
  return *std::move(claims);
}

}  // namespace gateway::identity
