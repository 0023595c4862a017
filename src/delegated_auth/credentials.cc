#include "delegated_auth/credentials.h"

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace gateway::delegated_auth {
namespace {

constexpr std::string_view kWanted =
    "this port takes Basic credentials, or X-Trino-User with X-Trino-Password";

std::unexpected<Error> Refuse(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), Origin::kClient);
}

// `X-Trino-<suffix>` or `X-Presto-<suffix>`.
bool IsTrinoHeader(std::string_view name, std::string_view suffix) {
  for (const std::string_view prefix : {"X-Trino-", "X-Presto-"}) {
    if (name.size() == prefix.size() + suffix.size() &&
        EqualsIgnoreCase(name.substr(0, prefix.size()), prefix)) {
      return EqualsIgnoreCase(name.substr(prefix.size()), suffix);
    }
  }
  return false;
}

// The one value of the fields that `is_wanted` picks by name; empty when there are none, nothing
// when they differ.
template <typename IsWanted>
std::optional<std::string_view> TheValue(std::span<const http::HeaderField> fields,
                                         IsWanted is_wanted) {
  std::optional<std::string_view> value;
  for (const auto& field : fields) {
    if (!is_wanted(field.name)) continue;
    if (value && *value != field.value) return std::nullopt;
    value = field.value;
  }
  return value.value_or(std::string_view());
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }

// Sets user and password from `Basic <base64 of user:password>`.
Expected<void> ReadBasic(std::string_view authorization, Credentials& credentials) {
  const auto blank = authorization.find(' ');
  if (blank == std::string_view::npos ||
      !EqualsIgnoreCase(authorization.substr(0, blank), "basic")) {
    return Refuse(std::string(kWanted));
  }
  auto decoded = DecodeBase64(Trim(authorization.substr(blank)));
  const auto colon = decoded ? decoded->find(':') : std::string::npos;
  // RFC 7617 §2 allows no control characters; the user may become a header's value.
  // What is no UTF-8 would be another text to the provider than to the cluster.
  if (colon == std::string::npos || std::ranges::any_of(*decoded, IsControl) || !IsUtf8(*decoded)) {
    return Refuse("the Basic credentials are malformed");
  }
  credentials.user = decoded->substr(0, colon);
  credentials.password = decoded->substr(colon + 1);
  return {};
}

}  // namespace

bool IsPasswordHeader(std::string_view name) { return IsTrinoHeader(name, "Password"); }

bool IsUserHeader(std::string_view name) { return IsTrinoHeader(name, "User"); }

std::string BasicUser(std::span<const http::HeaderField> fields) {
  Credentials credentials;
  const auto authorization =
      TheValue(fields, [](auto name) { return EqualsIgnoreCase(name, "authorization"); });
  if (!authorization || authorization->empty() || !ReadBasic(*authorization, credentials)) {
    return {};
  }
  return credentials.user;
}

Expected<Credentials> ReadCredentials(std::span<const http::HeaderField> fields) {
  const auto authorization =
      TheValue(fields, [](auto name) { return EqualsIgnoreCase(name, "authorization"); });
  const auto password = TheValue(fields, IsPasswordHeader);
  const auto user = TheValue(fields, IsUserHeader);
  const auto original =
      TheValue(fields, [](auto name) { return IsTrinoHeader(name, "Original-User"); });
  if (!authorization || !password || !user || !original) {
    return Refuse("a header that tells the user is there twice, with different values");
  }
  Credentials credentials;
  credentials.named_user = *user;
  credentials.original_user = *original;
  if (authorization->empty()) {
    credentials.user = *user;
    credentials.password = *password;
    if (!IsUtf8(*user) || !IsUtf8(*password)) return Refuse("user or password is no UTF-8");
  } else if (auto read = ReadBasic(*authorization, credentials); !read) {
    return std::unexpected(std::move(read).error());
  }
  if (credentials.user.empty() || credentials.password.empty()) {
    return Refuse("user or password is missing; " + std::string(kWanted));
  }
  return credentials;
}

}  // namespace gateway::delegated_auth
