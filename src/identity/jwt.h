// JSON Web Tokens: whether one is genuine, for us, and of today.
//
// Nothing of a token is believed before its signature was checked, but for the name of the key.
// Threads: pure functions. Source: RFC 7515, RFC 7519, RFC 8725.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "identity/json_object.h"
#include "identity/public_key.h"

namespace gateway::identity {

struct JwtExpectations {
  std::string issuer;
  std::vector<std::string> audiences;  // one of them must be in `aud`
  std::vector<Algorithm> algorithms;
  std::chrono::milliseconds leeway{0};
};

// The key of that id that fits the algorithm; an empty id: the token names none.
using KeyFinder = std::function<Expected<PublicKey>(const std::string& id, Algorithm algorithm)>;

// The claims of `token`. kUnauthenticated: it is not valid; the message says which check failed and
// shows nothing of it. Other errors are those of `find_key`.
Expected<JsonObject> VerifyJwt(std::string_view token,
                               const JwtExpectations& expected,
                               const KeyFinder& find_key,
                               Clock::WallTime now);

}  // namespace gateway::identity
