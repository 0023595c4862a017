#include "base/base64.h"

#include <cstdint>

namespace gateway {
namespace {

std::optional<std::uint32_t> ValueOf(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return std::nullopt;
}

}  // namespace

std::optional<std::string> DecodeBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  std::string decoded;
  decoded.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int count = 0;  // of bits that are not written yet
  for (const char c : text) {
    const auto value = ValueOf(c);
    if (!value) return std::nullopt;
    bits = (bits << 6) | *value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    decoded += static_cast<char>((bits >> count) & 0xff);
  }
  const bool left_over = (bits & ((1U << count) - 1)) != 0 || count >= 6;
  if (left_over) return std::nullopt;
  return decoded;
}

}  // namespace gateway
