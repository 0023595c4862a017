// Password hashes: argon2id in its encoded form, $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH.
//
// Threads: pure functions. Cost: tens of milliseconds and the memory that the hash names.
// Source: RFC 9106; the parameters for new hashes are OWASP's first choice.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gateway::identity {

// Longer ones are refused before they cost anything.
inline constexpr std::size_t kMaxPasswordBytes = 1024;

// What one verification costs, to compare hashes by it.
struct HashCost {
  std::uint32_t memory_kib = 0;
  std::uint32_t passes = 0;
  std::uint32_t lanes = 0;

  std::uint64_t Work() const { return std::uint64_t{memory_kib} * passes; }
};

// kInvalidArgument: not an argon2id hash of version 19, or one that costs more than is allowed
// (256 MiB, 16 passes, 8 lanes). The message does not show the hash.
Expected<HashCost> ParsePasswordHash(std::string_view encoded);

// The encoded hash with a new salt. kInvalidArgument: empty or too long. kInternal: no memory.
Expected<std::string> HashPassword(std::string_view password);

// Compares in constant time. kInternal: no memory for it, which says nothing about the password.
Expected<bool> VerifyPassword(const std::string& encoded, std::string_view password);

}  // namespace gateway::identity
