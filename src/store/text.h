// Text that every one of the databases takes: UTF-8 without NUL, and not longer than its column.
//
// Private to this room. Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gateway::store {

// UTF-8 (RFC 3629) without a NUL?
bool IsStorable(std::string_view text);

// `text` with U+FFFD for each byte that is not storable. For what clients sent us.
std::string MakeStorable(std::string_view text);

// The same, cut after at most `limit` bytes, never within a character.
std::string MakeStorable(std::string_view text, std::size_t limit);

}  // namespace gateway::store
