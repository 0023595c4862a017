// What the lexer makes of a text: the kinds of tokens, and one token as a view into the text.
//
// Threads: values. Source: the lexer rules of Trino's SqlBase.g4.
#pragma once

#include <cstdint>
#include <string_view>

namespace gateway::sql {

enum class TokenKind : std::uint8_t {
  kEnd,      // the text is over
  kInvalid,  // no token of the grammar: a stray character, an open string or comment
  // Names and literals.
  kIdentifier,
  kQuotedIdentifier,
  kString,         // '...'
  kUnicodeString,  // U&'...'
  kBinary,         // X'...'
  kDollarString,   // $$...$$
  kInteger,
  kNumber,  // with a point or an exponent
  // Signs.
  kDot,
  kComma,
  kSemicolon,
  kColon,
  kLeftParen,
  kRightParen,
  kLeftBracket,
  kRightBracket,
  kLeftBrace,
  kRightBrace,
  kExcludeBegin,  // {-
  kExcludeEnd,    // -}
  kFatArrow,      // =>
  kArrow,         // ->
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kPlus,
  kMinus,
  kAsterisk,
  kSlash,
  kPercent,
  kConcat,
  kQuestion,
  kPipe,
  kCaret,
  kDollar,
};

// Keywords continue the numbering of TokenKind, so that one 16-bit number names any token.
enum class Keyword : std::uint16_t {
  kBeforeFirst = 63,
#define KEYWORD(name, spelling, kind) name,
#include "sql/keywords.def"
#undef KEYWORD
  kBehindLast
};

// A kind of token: one of TokenKind, or a keyword.
class Kind {
 public:
  constexpr Kind() = default;
  // Implicit, so that parsers compare with both kinds of enumerators alike.
  constexpr Kind(TokenKind kind)  // NOLINT(google-explicit-constructor)
      : value_(static_cast<std::uint16_t>(kind)) {}
  constexpr Kind(Keyword keyword)  // NOLINT(google-explicit-constructor)
      : value_(static_cast<std::uint16_t>(keyword)) {}

  constexpr std::uint16_t value() const { return value_; }
  constexpr bool operator==(const Kind&) const = default;

 private:
  std::uint16_t value_ = 0;
};

inline constexpr std::size_t kKindCount = static_cast<std::size_t>(Keyword::kBehindLast);

struct Token {
  Kind kind;
  std::string_view text;  // as written, quotes included
};

// May the token stand where the grammar wants an identifier: a name, quoted or not, or a keyword
// that is not reserved?
bool IsIdentifier(Kind kind);

// The keyword that `word` is, in any case; kIdentifier for all other words.
Kind KindOfWord(std::string_view word);

}  // namespace gateway::sql
