// A hash that is the same on every machine, in every version: for what instances must agree on.
//
// Not for hostile input in tables (std::hash is no better there) and not for secrets.
// Threads: pure functions. Source: FNV-1a, and the finaliser of MurmurHash3 for spread.
#pragma once

#include <cstdint>
#include <string_view>

namespace gateway {

// Spreads the bits of `value` over the whole word.
constexpr std::uint64_t MixBits(std::uint64_t value) {
  value ^= value >> 33;
  value *= 0xff51afd7ed558ccdULL;
  value ^= value >> 33;
  value *= 0xc4ceb9fe1a85ec53ULL;
  value ^= value >> 33;
  return value;
}

constexpr std::uint64_t StableHash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  return MixBits(hash);
}

}  // namespace gateway
