#include "identity/ldap_directory.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "identity/ldap_names.h"
#include "identity/role_mapping.h"

namespace gateway::identity {
namespace {

using telemetry::Level;
using Scope = LdapConnection::Scope;

constexpr int kMaxGroups = 1'000;

std::unexpected<Error> Wrong() {
  return Fail(ErrorCode::kUnauthenticated, "user or password is wrong", Origin::kClient);
}

}  // namespace

LdapDirectory::LdapDirectory(LdapOptions options, telemetry::Logger& logger)
    : options_(std::move(options)), logger_(logger) {}

Expected<Principal> LdapDirectory::CheckPassword(const std::string& user,
                                                 const std::string& password) {
  auto principal = Check(user, password);
  if (principal || principal.error().code == ErrorCode::kUnauthenticated) return principal;
  // Servers, DNs and steps are for the log; the caller learns that it is not his fault.
  logger_.Event(Level::kError, "identity.ldap_failed", {{"reason", principal.error().message}});
  return Fail(ErrorCode::kUnavailable, "the directory cannot be asked now: try again later");
}

Expected<Principal> LdapDirectory::Check(const std::string& user,
                                         const std::string& password) const {
  // Directories ignore blanks around a value, so they would make two names of one user.
  if (user.empty() || password.empty() || Trim(user) != user) return Wrong();
  auto found =
      options_.user_dn.empty() ? SearchAndBind(user, password) : BindDirectly(user, password);
  if (!found) return std::unexpected(std::move(found).error());
  const auto groups = GroupsOf(*found, user);
  if (!groups) return std::unexpected(groups.error());
  const auto role = HighestRole(options_.mapping, [&groups](const std::string& name) {
    return std::ranges::any_of(*groups,
                               [&name](const auto& group) { return IsLdapGroup(group, name); });
  });
  return Principal{ToLower(user), role, "ldap"};
}

Expected<LdapDirectory::Found> LdapDirectory::BindDirectly(const std::string& user,
                                                           const std::string& password) const {
  auto connection = LdapConnection::Open(options_);
  if (!connection) return std::unexpected(std::move(connection).error());
  auto dn = FillLdapPattern(options_.user_dn, user, "");
  if (auto bound = connection->Bind(dn, password); !bound) {
    return std::unexpected(std::move(bound).error());
  }
  Found found{*std::move(connection), std::move(dn), {}};
  if (!options_.group_base.empty()) return found;
  auto entries = found.connection.Search(found.dn, Scope::kEntry, "(objectClass=*)",
                                         options_.group_attribute, 1);
  if (!entries) return std::unexpected(std::move(entries).error());
  if (!entries->empty()) found.attribute_values = std::move(entries->front().values);
  return found;
}

Expected<LdapDirectory::Found> LdapDirectory::SearchAndBind(const std::string& user,
                                                            const std::string& password) const {
  auto connection = LdapConnection::Open(options_);
  if (!connection) return std::unexpected(std::move(connection).error());
  if (!options_.bind_dn.empty()) {
    if (auto bound = connection->Bind(options_.bind_dn, options_.bind_password); !bound) {
      return Fail(ErrorCode::kUnavailable, fmt::format("ldap {}: as the service account: {}",
                                                       options_.url, bound.error().message));
    }
  }
  auto entries = connection->Search(options_.user_base, Scope::kBelow,
                                    FillLdapPattern(options_.user_filter, user, ""),
                                    options_.group_attribute, 2);
  if (!entries) return std::unexpected(std::move(entries).error());
  if (entries->size() > 1) {
    logger_.Event(Level::kWarn, "identity.ldap_user_is_ambiguous",
                  {{"user", user}, {"filter", options_.user_filter}});
  }
  if (entries->size() != 1 || entries->front().dn.empty()) return Wrong();
  auto& entry = entries->front();
  // On a connection of its own: the service account stays the one that reads groups.
  auto second = LdapConnection::Open(options_);
  if (!second) return std::unexpected(std::move(second).error());
  if (auto bound = second->Bind(entry.dn, password); !bound) {
    return std::unexpected(std::move(bound).error());
  }
  return Found{*std::move(connection), std::move(entry.dn), std::move(entry.values)};
}

Expected<std::vector<std::string>> LdapDirectory::GroupsOf(Found& found,
                                                           const std::string& user) const {
  if (options_.group_base.empty()) return std::move(found.attribute_values);
  auto entries = found.connection.Search(options_.group_base, Scope::kBelow,
                                         FillLdapPattern(options_.group_filter, user, found.dn),
                                         "cn", kMaxGroups);
  if (!entries) return std::unexpected(std::move(entries).error());
  std::vector<std::string> groups;
  for (auto& entry : *entries) groups.push_back(std::move(entry.dn));
  return groups;
}

}  // namespace gateway::identity
