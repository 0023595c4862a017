// A connection to an LDAP server, with TLS and timeouts, for a few calls in a row.
//
// Threads: one at a time; calls block, each for at most the configured timeout.
// Memory: the entries of one answer, bounded by the limit of the search.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "identity/options.h"

struct ldap;

namespace gateway::identity {

struct LdapEntry {
  std::string dn;
  std::vector<std::string> values;  // of the one attribute that was asked for
};

class LdapWatchdog;

class LdapConnection {
 public:
  ~LdapConnection();
  LdapConnection(LdapConnection&&) noexcept;

  enum class Scope : std::uint8_t { kEntry, kBelow };  // that entry alone; it and all below it

  // Connects with the first call that needs it; with `start_tls` here.
  // kUnavailable: the server cannot be reached or trusted; the message names it.
  static Expected<LdapConnection> Open(const LdapOptions& options);

  // Proves that `password` is that of `dn`. `password` must not be empty: servers take that for an
  // anonymous bind. kUnauthenticated: they do not fit. kUnavailable: all else.
  Expected<void> Bind(const std::string& dn, const std::string& password);

  // Up to `limit` entries with the values of `attribute`; more are left out. None also when `base`
  // is not there or not readable. kUnavailable: the search failed.
  Expected<std::vector<LdapEntry>> Search(const std::string& base,
                                          Scope scope,
                                          const std::string& filter,
                                          const std::string& attribute,
                                          int limit);

 private:
  using Handle = std::unique_ptr<ldap, void (*)(ldap*)>;

  LdapConnection(std::unique_ptr<LdapWatchdog> watchdog, Handle handle, const LdapOptions& options);
  // kUnavailable, with the step and the library's words.
  std::unexpected<Error> FailAt(std::string_view step, int code) const;

  std::unique_ptr<LdapWatchdog> watchdog_;  // must outlive the handle
  Handle handle_;
  std::string url_;
  std::chrono::milliseconds timeout_;
};

}  // namespace gateway::identity
