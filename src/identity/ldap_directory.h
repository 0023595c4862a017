// Users and groups of an LDAP directory.
//
// A password is proved by binding as the user. His DN follows from his name (direct bind), or his
// entry is searched for with a service account. Groups come from an attribute of the entry
// (memberOf) or from a search. Each login has connections of its own: logins are rare, and a
// connection that was bound by one user never serves another.
// Threads: any; CheckPassword() blocks for a few timeouts at most. Source: RFC 4511, RFC 4513
// (§5.1.2: what an empty password means).
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "identity/credential_source.h"
#include "identity/ldap_connection.h"
#include "identity/options.h"
#include "telemetry/logger.h"

namespace gateway::identity {

class LdapDirectory final : public PasswordSource {
 public:
  // `logger` must outlive this.
  LdapDirectory(LdapOptions options, telemetry::Logger& logger);

  // The name of the principal is `user` in lower case: directories do not tell cases apart.
  Expected<Principal> CheckPassword(const std::string& user, const std::string& password) override;

 private:
  // A user whose password was right, and a connection that may read his groups.
  struct Found {
    LdapConnection connection;
    std::string dn;
    std::vector<std::string> attribute_values;
  };

  Expected<Principal> Check(const std::string& user, const std::string& password) const;
  Expected<Found> BindDirectly(const std::string& user, const std::string& password) const;
  Expected<Found> SearchAndBind(const std::string& user, const std::string& password) const;
  Expected<std::vector<std::string>> GroupsOf(Found& found, const std::string& user) const;

  const LdapOptions options_;
  telemetry::Logger& logger_;
};

}  // namespace gateway::identity
