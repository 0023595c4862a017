// The few string functions that HTTP and configuration need, all locale-free and ASCII only.
//
// Threads: pure functions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

// ASCII case-insensitive equality, as header names compare (RFC 9110 §5.1).
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

std::string ToLower(std::string_view text);
void LowerInPlace(std::string& text);

// Without leading and trailing blanks and tabs; a view into `text`.
std::string_view Trim(std::string_view text);

// The trimmed, non-empty elements of a list header such as `a, b,c`; views into `text`.
std::vector<std::string_view> SplitList(std::string_view text, char separator = ',');

// Calls `visit` for each element that SplitList would return; does not allocate.
template <typename Visit>
void ForEachElement(std::string_view text, char separator, Visit visit) {
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (const auto element = Trim(text.substr(0, end)); !element.empty()) visit(element);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// Decimal digits only, no sign, no blanks; nothing on overflow or other characters.
std::optional<std::uint64_t> ParseDecimal(std::string_view text);

// May `id` name a backend, group or policy? It appears in URI prefixes, headers, cookies and
// metrics, so: 1 to 64 of [A-Za-z0-9._-], the first one a letter or digit.
bool IsValidId(std::string_view id);
inline constexpr std::string_view kIdRule =
    "1 to 64 letters, digits, '.', '_' or '-', the first one a letter or digit";

// Lets unordered maps with std::string keys be searched by string_view.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

}  // namespace gateway
