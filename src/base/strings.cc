#include "base/strings.h"

#include <algorithm>
#include <charconv>

namespace gateway {
namespace {

constexpr char LowerOf(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

constexpr bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

}  // namespace

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, LowerOf, LowerOf);
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  LowerInPlace(lower);
  return lower;
}

void LowerInPlace(std::string& text) { std::ranges::transform(text, text.begin(), LowerOf); }

std::string_view Trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
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
