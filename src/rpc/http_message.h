// Between Boost.Beast's messages and ours. For `http_server.cc` only.
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <boost/beast/http.hpp>

#include "base/ip_address.h"
#include "http/asio.h"
#include "rpc/message.h"

namespace gateway::rpc {

inline constexpr std::uint32_t kMaxHead = 16 * 1024;
inline constexpr std::uint64_t kMaxBody = 1024UL * 1024;

// `peer`: the address of who sent it. When it is one of the `trusted` balancers, the client is whom
// the message says that it was forwarded for: see http::ClientAddress().
Request ToRequest(boost::beast::http::request<boost::beast::http::string_body>&& message,
                  std::string_view peer,
                  std::span<const AddressBlock> trusted = {});

// 204 and 304 have none.
inline bool HasBody(const Response& response) {
  return response.status != 204 && response.status != 304;
}

// The head of the answer, without a body. Answers are of this moment and are data, never to be
// guessed to be a script or be framed.
template <typename Body>
boost::beast::http::response<Body> HeadOf(const Response& response, bool keep_alive) {
  boost::beast::http::response<Body> message(boost::beast::http::int_to_status(response.status),
                                             11);
  if (HasBody(response)) {
    message.set(
        boost::beast::http::field::content_type,
        boost::beast::string_view(response.content_type.data(), response.content_type.size()));
    message.content_length(response.text().size());
  }
  message.set(boost::beast::http::field::cache_control, "no-store");
  message.set("X-Content-Type-Options", "nosniff");
  message.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  for (const auto& [name, value] : response.headers) {
    const boost::beast::string_view key(name.data(), name.size());
    // The one header of which each line counts; others take the place of the ones above.
    if (name == "Set-Cookie") {
      message.insert(key, value);
    } else {
      message.set(key, value);
    }
  }
  message.keep_alive(keep_alive);
  return message;
}

// An error as the transport that `target` belongs to says it. `twirp_code`: what Twirp calls it.
Response ErrorFor(std::string_view target,
                  unsigned status,
                  std::string_view code,
                  std::string_view twirp_code,
                  std::string_view message);

// The answer to a request that could not be read; nothing when there is nobody to answer. `target`
// may be empty, when not even that was read.
std::optional<Response> ResponseTo(http::error_code why, std::string_view target);

}  // namespace gateway::rpc
