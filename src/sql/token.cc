#include "sql/token.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace gateway::sql {
namespace {

enum KeywordKind : bool { kReserved = false, kSoft = true };

struct Entry {
  std::string_view spelling;  // in lower case
  Keyword keyword;
  KeywordKind kind;
};

constexpr Entry kKeywords[] = {
#define KEYWORD(name, spelling, kind) {spelling, Keyword::name, kind},
#include "sql/keywords.def"
#undef KEYWORD
};

constexpr std::size_t kLongest = std::ranges::max(kKeywords, {}, [](const Entry& entry) {
                                   return entry.spelling.size();
                                 }).spelling.size();

constexpr std::size_t kSlots = 2048;  // sparse, so that most other words meet an empty slot at once

// Folds letters to lower case; what it does to other characters is the same for equal ones.
constexpr std::size_t Fold(char c) { return static_cast<unsigned char>(c) | 0x20U; }

constexpr std::size_t SlotOf(std::string_view word) {
  const std::size_t n = word.size();
  const std::size_t mix = Fold(word[0]) | Fold(word[1]) << 8U | Fold(word[n / 2]) << 16U |
                          Fold(word[n - 1]) << 24U | Fold(word[n - 2]) << 32U | n << 40U;
  return (mix * 0x9E3779B97F4A7C15U) >> 53U;  // the upper 11 bits
}

// Open addressing: a keyword's number stands in its slot or in one of the next.
constexpr auto kTable = [] {
  std::array<std::uint16_t, kSlots> table{};
  for (std::uint16_t i = 0; i < std::size(kKeywords); ++i) {
    std::size_t slot = SlotOf(kKeywords[i].spelling);
    while (table[slot] != 0) slot = (slot + 1) % kSlots;
    table[slot] = static_cast<std::uint16_t>(i + 1);
  }
  return table;
}();

// One byte a kind: may it be an identifier?
constexpr auto kIsIdentifier = [] {
  std::array<bool, kKindCount> table{};
  table[Kind(TokenKind::kIdentifier).value()] = true;
  table[Kind(TokenKind::kQuotedIdentifier).value()] = true;
  for (const auto& entry : kKeywords) table[Kind(entry.keyword).value()] = entry.kind == kSoft;
  return table;
}();

// `word` has letters, digits and underscores only.
bool SpellsKeyword(std::string_view word, std::string_view keyword) {
  if (word.size() != keyword.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != keyword[i]) return false;
  }
  return true;
}

}  // namespace

bool IsIdentifier(Kind kind) { return kIsIdentifier[kind.value()]; }

Kind KindOfWord(std::string_view word) {
  if (word.size() < 2 || word.size() > kLongest) return TokenKind::kIdentifier;
  for (std::size_t slot = SlotOf(word); kTable[slot] != 0; slot = (slot + 1) % kSlots) {
    const Entry& entry = kKeywords[kTable[slot] - 1];
    if (SpellsKeyword(word, entry.spelling)) return entry.keyword;
  }
  return TokenKind::kIdentifier;
}

}  // namespace gateway::sql
