// What a token means: the name in an identifier, the value of a string literal, names in lower
// case.
//
// Threads: pure functions but for the arena. Source: Trino's Identifier, AstBuilder and
// java.lang.String.toLowerCase.
#pragma once

#include <optional>
#include <string_view>

#include "sql/arena.h"
#include "sql/token.h"

namespace gateway::sql {

// `text` in lower case, as Unicode has it (a final Σ is ς); in the arena.
std::string_view Lower(std::string_view text, Arena& arena);

// The name that an identifier token stands for, without quotes, its case kept: a view into the
// token, or in the arena where quotes are doubled.
std::string_view NameOf(const Token& identifier, Arena& arena);

// The value of a kString token: a view into it, or in the arena where quotes are doubled.
std::string_view StringValue(const Token& literal, Arena& arena);

// The value of a kUnicodeString token with `escape` as its escape character, in the arena.
// Nothing where an escape is not four hexadecimal digits, `+` and six of them, or the escape
// character itself, or where it stands for no character.
std::optional<std::string_view> UnicodeStringValue(const Token& literal, char escape, Arena& arena);

// May `literal`, a kString token, be the escape character of a UESCAPE?
std::optional<char> EscapeCharacter(const Token& literal);

}  // namespace gateway::sql
