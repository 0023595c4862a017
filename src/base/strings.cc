#include "base/strings.h"

#include <algorithm>
#include <charconv>

namespace gateway {
namespace {

constexpr char LowerOf(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

constexpr bool IsBlank(char c) { return c == ' ' || c == '\t'; }

constexpr bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

}  // namespace

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  // Most names differ in their first letter or are the same in the same case.
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && LowerOf(a[i]) != LowerOf(b[i])) return false;
  }
  return true;
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  LowerInPlace(lower);
  return lower;
}

void LowerInPlace(std::string& text) { std::ranges::transform(text, text.begin(), LowerOf); }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> SplitList(std::string_view text, char separator) {
  std::vector<std::string_view> elements;
  ForEachElement(text, separator, [&](auto element) { elements.push_back(element); });
  return elements;
}

std::optional<std::uint64_t> ParseDecimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

bool IsValidId(std::string_view id) {
  if (id.empty() || id.size() > 64 || !IsAlphanumeric(id.front())) return false;
  return std::ranges::all_of(
      id, [](char c) { return IsAlphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

}  // namespace gateway
