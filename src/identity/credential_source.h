// Others who can tell whether credentials are right: a directory, an identity provider.
//
// Threads: any; the calls block, up to the timeout of their configuration.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "identity/principal.h"

namespace gateway::identity {

class PasswordSource {
 public:
  virtual ~PasswordSource() = default;

  // `user`: in one form for all its spellings, see FoldUserName().
  // kUnauthenticated: no such user or another password. kUnavailable: it cannot be asked now; the
  // message says why, for the log.
  virtual Expected<Principal> CheckPassword(const std::string& user,
                                            const std::string& password) = 0;
};

class BearerSource {
 public:
  virtual ~BearerSource() = default;

  // kUnauthenticated: the token is not valid; the message says why. kUnavailable: its keys cannot
  // be fetched now.
  virtual Expected<Principal> CheckToken(std::string_view token) = 0;

  // May CheckToken() have to ask the provider, now or in a moment? Does not wait for anything.
  virtual bool MustAsk(std::string_view token) = 0;
};

}  // namespace gateway::identity
