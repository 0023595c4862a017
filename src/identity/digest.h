// Hashes, keyed hashes, secret random bytes, and their text forms.
//
// Threads: pure functions, but for RandomBytes(), which any thread may call.
// Source: FIPS 180-4, RFC 2104, RFC 4648 §5 (base64url without padding).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::identity {

using Digest = std::array<unsigned char, 32>;

Digest Sha256(std::string_view text);
Digest HmacSha256(std::string_view key, std::string_view text);

// In a time that does not depend on where they differ.
bool SameDigest(const Digest& a, const Digest& b);

// From the system's source for keys. Ends the process when that has none: no login or session
// would be safe.
std::string RandomBytes(std::size_t count);

// The bytes of a digest as a string view; lives as long as the digest.
std::string_view BytesOf(const Digest& digest);

// 64 lower-case hexadecimal digits.
std::string ToHex(const Digest& digest);
// Nothing: not exactly 64 hexadecimal digits.
std::optional<Digest> DigestFromHex(std::string_view text);

std::string ToBase64Url(std::string_view bytes);
// Nothing: other characters, padding, or bits set behind the last byte. So each byte string has
// one text form only, and a signed text cannot be varied.
std::optional<std::string> FromBase64Url(std::string_view text);

}  // namespace gateway::identity
