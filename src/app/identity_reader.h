// The keys of the section `admin` that say who may use the API.
//
// Threads: not synchronised; one reader for each file.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "app/yaml_reader.h"
#include "identity/options.h"

namespace gateway::app {

class IdentityReader {
 public:
  // `reader` must outlive this.
  explicit IdentityReader(YamlReader& reader) : reader_(reader) {}

  // Takes its keys from `admin`. `token`: the value of admin.token, one more token then; empty:
  // none.
  identity::IdentityOptions Read(MapReader& admin, std::string_view token);

 private:
  void ReadTokens(const Value& section);
  void ReadToken(const Value& value);
  void ReadUsers(const Value& section);
  void ReadUser(const Value& value);
  void ReadSessions(MapReader& admin);
  void ReadLdap(const Value& section);
  void ReadLdapUsers(MapReader& map, const Value& section, identity::LdapOptions& ldap);
  void ReadOidc(const Value& section);
  void CheckOidc(const Value& section, const identity::OidcOptions& oidc);
  void ReadAnonymous(const Value& value);
  std::string ReadName(MapReader& map);
  void ReadRole(MapReader& map, identity::Role& role);
  void ReadMapping(MapReader& map, std::string_view member, identity::RoleMapping& mapping);
  void ReadTexts(MapReader& map, std::string_view key, std::vector<std::string>& texts);

  YamlReader& reader_;
  identity::IdentityOptions options_;
  std::set<identity::Digest> seen_tokens_;
  std::set<std::string> seen_users_;
};

}  // namespace gateway::app
