// UTF-8, as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gateway {

// Bytes of the character that `text` begins with; 0: it begins with none, or is empty.
std::size_t Utf8Length(std::string_view text);

bool IsUtf8(std::string_view text);

// `text` with U+FFFD in place of each byte that belongs to no character.
std::string ToUtf8(std::string_view text);

}  // namespace gateway
