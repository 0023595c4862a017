// One form for all spellings of a user's name.
//
// Directories do not tell cases apart, nor much else that looks alike (RFC 4518: compatibility
// characters, characters that are not seen, several blanks). To whoever counts failures, remembers
// logins or looks for a user of the file they must be one name, too.
// Threads: pure function.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gateway::identity {

// `name` without regard to case, compatibility forms (NFKC) and characters that are not seen, with
// one blank where there are several, and none around it. Nothing: nothing is left, or not UTF-8.
std::optional<std::string> FoldUserName(std::string_view name);

}  // namespace gateway::identity
