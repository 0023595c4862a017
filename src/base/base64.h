// Base64 of RFC 4648 §4, as HTTP's Basic credentials use it.
//
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gateway {

// Nothing for what no encoder would write: other characters, blanks, padding that is missing or in
// the middle, bits left over.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace gateway
