// Who a request says it is from, told by its headers.
//
// Either Authorization: Basic, or X-Trino-User with X-Trino-Password; X-Presto-* is taken for
// X-Trino-*. What two servers could read in two ways (a header twice, two users) is refused: the
// cluster must not see another user than the one that was checked.
// Threads: pure functions. Source: RFC 7617 (Basic).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/head.h"

namespace gateway::delegated_auth {

struct Credentials {
  std::string user;           // whom the password is of; never empty
  std::string password;       // never empty
  std::string named_user;     // of X-Trino-User; empty: none was sent
  std::string original_user;  // of X-Trino-Original-User; empty: none was sent
};

// kInvalidArgument, Origin::kClient: there are none, or not of the kinds above; the message is for
// the client and repeats nothing of what it sent.
Expected<Credentials> ReadCredentials(std::span<const http::HeaderField> fields);

// The user of Authorization: Basic, who was not checked; empty: it is not there, or malformed. For
// requests that name no user otherwise: clusters take them for this one's, too.
std::string BasicUser(std::span<const http::HeaderField> fields);

// Is `name` one of the headers that carry a password, and that clusters never get to see?
bool IsPasswordHeader(std::string_view name);
// Is `name` X-Trino-User or X-Presto-User?
bool IsUserHeader(std::string_view name);

}  // namespace gateway::delegated_auth
