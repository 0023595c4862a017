// Names and filters of LDAP: putting foreign text into them, and comparing them.
//
// Threads: pure functions. Source: RFC 4514 (DNs), RFC 4515 (filters).
#pragma once

#include <string>
#include <string_view>

namespace gateway::identity {

// `text` as a value in a DN or in a filter, where it cannot be anything but a value. Both grammars
// take any byte as a backslash and two hexadecimal digits, so all bytes but letters and digits are
// written so: no list of dangerous characters that could be incomplete.
std::string EscapeLdapValue(std::string_view text);

// `pattern` with each {user} and {dn} replaced by the escaped value.
std::string FillLdapPattern(std::string_view pattern, std::string_view user, std::string_view dn);

// Does `group`, the DN of a group or what an attribute says instead, go by `name`? By its DN,
// compared without regard to case and blanks, or by the value of its first RDN (its cn).
bool IsLdapGroup(const std::string& group, const std::string& name);

}  // namespace gateway::identity
