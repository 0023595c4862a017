#include "identity/ldap_names.h"

#include <memory>
#include <optional>

#include <fmt/format.h>
#include <ldap.h>

#include "base/strings.h"

namespace gateway::identity {
namespace {

using Dn = std::unique_ptr<std::remove_pointer_t<LDAPDN>, void (*)(LDAPDN)>;

Dn ParseDn(const std::string& text) {
  LDAPDN dn = nullptr;
  if (ldap_str2dn(text.c_str(), &dn, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS) dn = nullptr;
  return {dn, ldap_dnfree};
}

// One form for all spellings of a DN; nothing: it is none.
std::optional<std::string> Normalize(const std::string& text) {
  const auto dn = ParseDn(text);
  if (!dn) return std::nullopt;
  char* normal = nullptr;
  if (ldap_dn2str(dn.get(), &normal, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS) return std::nullopt;
  auto result = ToLower(normal);
  ldap_memfree(normal);
  return result;
}

std::optional<std::string> FirstValue(const std::string& text) {
  const auto dn = ParseDn(text);
  if (!dn || !dn.get()[0] || !dn.get()[0][0]) return std::nullopt;
  const auto& value = dn.get()[0][0]->la_value;
  return std::string(value.bv_val, value.bv_len);
}

}  // namespace

std::string EscapeLdapValue(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (plain) {
      escaped += c;
    } else {
      escaped += fmt::format("\\{:02x}", static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

std::string FillLdapPattern(std::string_view pattern, std::string_view user, std::string_view dn) {
  constexpr std::string_view kUser = "{user}";
  constexpr std::string_view kDn = "{dn}";
  std::string filled;
  while (!pattern.empty()) {
    if (pattern.starts_with(kUser)) {
      filled += EscapeLdapValue(user);
      pattern.remove_prefix(kUser.size());
    } else if (pattern.starts_with(kDn)) {
      filled += EscapeLdapValue(dn);
      pattern.remove_prefix(kDn.size());
    } else {
      filled += pattern.front();
      pattern.remove_prefix(1);
    }
  }
  return filled;
}

bool IsLdapGroup(const std::string& group, const std::string& name) {
  if (EqualsIgnoreCase(group, name)) return true;
  const auto dn = Normalize(group);
  if (!dn) return false;
  // A name with "=" is a DN: it must not match a group that merely has it as its cn.
  if (name.find('=') != std::string::npos) return dn == Normalize(name);
  const auto value = FirstValue(group);
  return value && EqualsIgnoreCase(*value, name);
}

}  // namespace gateway::identity
