#include "rpc/http_message.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rpc/access.h"
#include "rpc/rest.h"
#include "rpc/twirp.h"

namespace gateway::rpc {

namespace beast = boost::beast;
namespace wire = boost::beast::http;

namespace {

std::string HeaderOf(const wire::fields& fields, std::string_view name) {
  const auto value = fields[beast::string_view(name.data(), name.size())];
  return std::string(value.data(), value.size());
}

// Views into `fields`.
std::vector<http::HeaderField> ForwardingOf(const wire::fields& fields) {
  std::vector<http::HeaderField> found;
  for (const auto name : kForwardingHeaders) {
    const auto [begin, end] = fields.equal_range(beast::string_view(name.data(), name.size()));
    for (auto line = begin; line != end; ++line) {
      found.push_back({name, {line->value().data(), line->value().size()}});
    }
  }
  return found;
}

// All lines of a header that is a list (RFC 9110 §5.3); nothing: there is none.
std::optional<std::string> ListOf(const wire::fields& fields, wire::field name) {
  const auto [begin, end] = fields.equal_range(name);
  if (begin == end) return std::nullopt;
  std::string all;
  for (auto line = begin; line != end; ++line) {
    if (line != begin) all += ", ";
    all.append(line->value().data(), line->value().size());
  }
  return all;
}

}  // namespace

Request ToRequest(wire::request<wire::string_body>&& message,
                  std::string_view peer,
                  std::span<const AddressBlock> trusted) {
  auto whence = WhenceOf(peer, trusted, ForwardingOf(message));
  return {.method = std::string(message.method_string()),
          .target = std::string(message.target()),
          .body = std::move(message.body()),
          .client = std::move(whence.client),
          .local = whence.local,
          .auth_key = HeaderOf(message, "X-Auth-Key"),
          .authorization = HeaderOf(message, "Authorization"),
          .cookie = HeaderOf(message, "Cookie"),
          .origin = HeaderOf(message, "Origin"),
          .host = HeaderOf(message, "Host"),
          .content_type = HeaderOf(message, "Content-Type"),
          .if_match = ListOf(message, wire::field::if_match),
          .if_none_match = ListOf(message, wire::field::if_none_match)};
}

Response ErrorFor(std::string_view target,
                  unsigned status,
                  std::string_view code,
                  std::string_view twirp_code,
                  std::string_view message) {
  return target.starts_with(kTwirpPrefix) ? TwirpError(status, twirp_code, message)
                                          : RestError(status, code, message);
}

std::optional<Response> ResponseTo(http::error_code why, std::string_view target) {
  if (why == wire::error::header_limit) {
    return ErrorFor(target, 431, "too_large", "resource_exhausted",
                    fmt::format("the head is over {} bytes", kMaxHead));
  }
  if (why == wire::error::body_limit) {
    return ErrorFor(target, 413, "too_large", "resource_exhausted",
                    fmt::format("the body is over {} bytes", kMaxBody));
  }
  if (why == wire::error::end_of_stream || why == wire::error::partial_message ||
      why.category() != wire::make_error_code(wire::error::bad_value).category()) {
    return std::nullopt;
  }
  return ErrorFor(target, 400, "protocol", "malformed",
                  fmt::format("not valid HTTP: {}", why.message()));
}

}  // namespace gateway::rpc
