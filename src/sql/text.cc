#include "sql/text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <unicase.h>

namespace gateway::sql {
namespace {

std::string_view Copy(std::string_view text, Arena& arena) {
  char* const to = arena.Allocate(text.size());
  std::ranges::copy(text, to);
  return {to, text.size()};
}

// Without ASCII-only text's speed; text that is not UTF-8 stays as it is.
std::string_view LowerUnicode(std::string_view text, Arena& arena) {
  std::size_t size = 0;
  const std::unique_ptr<std::uint8_t, decltype(&std::free)> lower(
      u8_tolower(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), nullptr, nullptr,
                 nullptr, &size),
      &std::free);
  if (!lower) return Copy(text, arena);
  return Copy({reinterpret_cast<const char*>(lower.get()), size}, arena);
}

// The inside of a quoted token, doubled quotes as one.
std::string_view Unquote(std::string_view token, std::size_t prefix, char quote, Arena& arena) {
  const auto inside = token.substr(prefix + 1, token.size() - prefix - 2);
  if (inside.find(quote) == std::string_view::npos) return inside;
  char* const begin = arena.Allocate(inside.size());
  char* to = begin;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    *to++ = inside[i];
    if (inside[i] == quote) ++i;  // the lexer takes quotes in pairs only
  }
  return {begin, static_cast<std::size_t>(to - begin)};
}

int HexadecimalValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The number of `digits` hexadecimal digits at the beginning of `text`.
std::optional<std::uint32_t> ReadHexadecimal(std::string_view text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  std::uint32_t number = 0;
  for (const char c : text.substr(0, digits)) {
    const int value = HexadecimalValue(c);
    if (value < 0) return std::nullopt;
    number = number * 16 + static_cast<std::uint32_t>(value);
  }
  return number;
}

// Writes the character as UTF-8, which takes no more bytes than its escape. Nothing for a
// surrogate or a number past Unicode's end.
char* WriteCharacter(std::uint32_t code, char* to) {
  if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return nullptr;
  const auto put = [&to](std::uint32_t byte) { *to++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | code >> 6U);
    put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0U | code >> 12U);
    put(0x80U | (code >> 6U & 0x3FU));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | code >> 18U);
    put(0x80U | (code >> 12U & 0x3FU));
    put(0x80U | (code >> 6U & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
  return to;
}

}  // namespace

std::string_view Lower(std::string_view text, Arena& arena) {
  char* const begin = arena.Allocate(text.size());
  char* to = begin;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return LowerUnicode(text, arena);
    *to++ = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return {begin, text.size()};
}

std::string_view NameOf(const Token& identifier, Arena& arena) {
  if (identifier.kind != TokenKind::kQuotedIdentifier) return identifier.text;
  return Unquote(identifier.text, 0, '"', arena);
}

std::string_view StringValue(const Token& literal, Arena& arena) {
  return Unquote(literal.text, 0, '\'', arena);
}

std::optional<std::string_view> UnicodeStringValue(const Token& literal,
                                                   char escape,
                                                   Arena& arena) {
  auto rest = Unquote(literal.text, 2, '\'', arena);
  char* const begin = arena.Allocate(rest.size());
  char* to = begin;
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c != escape) {
      *to++ = c;
      continue;
    }
    if (rest.starts_with(escape)) {
      *to++ = escape;
      rest.remove_prefix(1);
      continue;
    }
    const bool six = rest.starts_with('+');
    if (six) rest.remove_prefix(1);
    const std::size_t digits = six ? 6 : 4;
    const auto code = ReadHexadecimal(rest, digits);
    to = code ? WriteCharacter(*code, to) : nullptr;
    if (to == nullptr) return std::nullopt;
    rest.remove_prefix(digits);
  }
  return std::string_view(begin, static_cast<std::size_t>(to - begin));
}

std::optional<char> EscapeCharacter(const Token& literal) {
  if (literal.text.size() != 3) return std::nullopt;
  const char c = literal.text[1];
  const bool usable = c > ' ' && c < 0x7F && HexadecimalValue(c) < 0 &&
                      std::string_view("+'\"").find(c) == std::string_view::npos;
  return usable ? std::optional(c) : std::nullopt;
}

}  // namespace gateway::sql
