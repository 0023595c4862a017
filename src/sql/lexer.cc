#include "sql/lexer.h"

#include <array>
#include <cstring>

namespace gateway::sql {
namespace {

enum Class : unsigned char { kOther, kBlank, kLetter, kDigit };

constexpr auto kClasses = [] {
  std::array<Class, 256> classes{};
  for (const char c : {' ', '\t', '\r', '\n'}) classes[static_cast<unsigned char>(c)] = kBlank;
  for (unsigned char c = 'a'; c <= 'z'; ++c) classes[c] = kLetter;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) classes[c] = kLetter;
  for (unsigned char c = '0'; c <= '9'; ++c) classes[c] = kDigit;
  classes['_'] = kLetter;
  return classes;
}();

Class ClassOf(char c) { return kClasses[static_cast<unsigned char>(c)]; }
bool IsDigit(char c) { return ClassOf(c) == kDigit; }
bool IsWord(char c) { return ClassOf(c) >= kLetter; }

bool IsHexadecimal(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool IsOctal(char c) { return c >= '0' && c <= '7'; }
bool IsBinary(char c) { return c == '0' || c == '1'; }

// The end of `first` and the characters of its kind that follow, with single underscores between
// them; `from` itself where there are none. An underscore before the first is taken too when
// `leading` is set.
template <typename Predicate>
const char* EndOfDigits(const char* from, const char* end, Predicate is_digit, bool leading) {
  const char* at = from;
  for (;;) {
    const char* digit = at;
    if (digit < end && *digit == '_' && (leading || at != from)) ++digit;
    if (digit >= end || !is_digit(*digit)) return at;
    at = digit + 1;
  }
}

// The end of 0x1F, 0o17 or 0b1, or nullptr where the text is none.
const char* EndOfPrefixedInteger(const char* from, const char* end) {
  if (end - from < 3 || *from != '0') return nullptr;
  const char* const digits = from + 2;
  const char* past = nullptr;
  switch (from[1] | 0x20) {
    case 'x':
      past = EndOfDigits(digits, end, IsHexadecimal, true);
      break;
    case 'o':
      past = EndOfDigits(digits, end, IsOctal, true);
      break;
    case 'b':
      past = EndOfDigits(digits, end, IsBinary, true);
      break;
    default:
      return nullptr;
  }
  return past == digits ? nullptr : past;
}

// The end of an exponent that begins at `from`, or nullptr where there is none.
const char* EndOfExponent(const char* from, const char* end) {
  if (from >= end || (*from | 0x20) != 'e') return nullptr;
  const char* at = from + 1;
  if (at < end && (*at == '+' || *at == '-')) ++at;
  const char* const digits = at;
  while (at < end && IsDigit(*at)) ++at;
  return at == digits ? nullptr : at;
}

}  // namespace

bool Lexer::SkipBlanks() {
  for (;;) {
    while (next_ < end_ && ClassOf(*next_) == kBlank) ++next_;
    if (next_ == end_) return true;
    if (*next_ == '-' && At(1) == '-') {
      while (next_ < end_ && *next_ != '\r' && *next_ != '\n') ++next_;
    } else if (*next_ == '/' && At(1) == '*') {
      const auto close = std::string_view(next_, left()).find("*/", 2);
      if (close == std::string_view::npos) return false;
      next_ += close + 2;
    } else {
      return true;
    }
  }
}

Token Lexer::Take(Kind kind, std::size_t size) {
  const Token token{kind, {next_, size}};
  next_ += size;
  return token;
}

Token Lexer::Next() {
  if (!SkipBlanks()) return Take(TokenKind::kInvalid, left());
  if (next_ == end_) return {TokenKind::kEnd, {}};
  const char c = *next_;
  switch (ClassOf(c)) {
    case kLetter:
      if (At(1) == '\'' && (c | 0x20) == 'x') return Binary();
      if (At(1) == '&' && (c | 0x20) == 'u' && At(2) == '\'') {
        return Quoted(TokenKind::kUnicodeString, 2, '\'');
      }
      return Word();
    case kDigit:
      return Number();
    default:
      break;
  }
  switch (c) {
    case '\'':
      return Quoted(TokenKind::kString, 0, '\'');
    case '"':
      return Quoted(TokenKind::kQuotedIdentifier, 0, '"');
    case '$':
      return Dollar();
    case '.':
      return IsDigit(At(1)) ? Number() : Take(TokenKind::kDot, 1);
    default:
      return Sign();
  }
}

Token Lexer::Word() {
  const char* at = next_ + 1;
  while (at < end_ && IsWord(*at)) ++at;
  const auto size = static_cast<std::size_t>(at - next_);
  return Take(KindOfWord({next_, size}), size);
}

// The longest of an integer, a decimal, a double, and an identifier that begins with a digit,
// which the parser refuses.
Token Lexer::Number() {
  const char* past = EndOfPrefixedInteger(next_, end_);
  Kind kind = TokenKind::kInteger;
  if (past == nullptr) {
    past = EndOfDigits(next_, end_, IsDigit, false);
    // Underscores may not stand in a number with an exponent.
    const bool plain = std::memchr(next_, '_', static_cast<std::size_t>(past - next_)) == nullptr;
    const char* exponent_at = past;
    if (past < end_ && *past == '.') {
      kind = TokenKind::kNumber;
      const char* const fraction = past + 1;
      past = EndOfDigits(fraction, end_, IsDigit, false);
      exponent_at = fraction;
      while (exponent_at < end_ && IsDigit(*exponent_at)) ++exponent_at;
    }
    if (const char* exponent = EndOfExponent(exponent_at, end_); exponent != nullptr && plain) {
      kind = TokenKind::kNumber;
      past = exponent;
    }
  }
  if (*next_ != '.') {
    const char* word = next_;
    while (word < end_ && IsWord(*word)) ++word;
    if (word > past) {
      kind = TokenKind::kInvalid;
      past = word;
    }
  }
  return Take(kind, static_cast<std::size_t>(past - next_));
}

Token Lexer::Quoted(Kind kind, std::size_t prefix, char quote) {
  const char* at = next_ + prefix + 1;
  for (;;) {
    at = static_cast<const char*>(std::memchr(at, quote, static_cast<std::size_t>(end_ - at)));
    if (at == nullptr) return Take(TokenKind::kInvalid, left());
    if (++at == end_ || *at != quote) break;
    ++at;
  }
  const auto size = static_cast<std::size_t>(at - next_);
  if (quote == '"' && size == 2) return Take(TokenKind::kInvalid, size);  // Trino wants a name
  return Take(kind, size);
}

// Digits in pairs, with blanks anywhere between them.
Token Lexer::Binary() {
  std::size_t digits = 0;
  for (std::size_t size = 2; size < left(); ++size) {
    const char c = next_[size];
    if (c == '\'')
      return Take(digits % 2 == 0 ? TokenKind::kBinary : TokenKind::kInvalid, size + 1);
    if (IsHexadecimal(c)) {
      ++digits;
    } else if (ClassOf(c) != kBlank && c != '\v' && c != '\f') {
      break;
    }
  }
  return Take(TokenKind::kInvalid, left());
}

Token Lexer::Dollar() {
  if (At(1) != '$') return Take(TokenKind::kDollar, 1);
  const auto close = std::string_view(next_, left()).find("$$", 2);
  if (close == std::string_view::npos) return Take(TokenKind::kInvalid, left());
  return Take(TokenKind::kDollarString, close + 2);
}

Token Lexer::Sign() {
  const char second = At(1);
  switch (*next_) {
    case ',':
      return Take(TokenKind::kComma, 1);
    case '(':
      return Take(TokenKind::kLeftParen, 1);
    case ')':
      return Take(TokenKind::kRightParen, 1);
    case ';':
      return Take(TokenKind::kSemicolon, 1);
    case ':':
      return Take(TokenKind::kColon, 1);
    case '[':
      return Take(TokenKind::kLeftBracket, 1);
    case ']':
      return Take(TokenKind::kRightBracket, 1);
    case '{':
      return second == '-' ? Take(TokenKind::kExcludeBegin, 2) : Take(TokenKind::kLeftBrace, 1);
    case '}':
      return Take(TokenKind::kRightBrace, 1);
    case '=':
      return second == '>' ? Take(TokenKind::kFatArrow, 2) : Take(TokenKind::kEqual, 1);
    case '!':
      return second == '=' ? Take(TokenKind::kNotEqual, 2) : Take(TokenKind::kInvalid, 1);
    case '<':
      if (second == '=') return Take(TokenKind::kLessEqual, 2);
      return second == '>' ? Take(TokenKind::kNotEqual, 2) : Take(TokenKind::kLess, 1);
    case '>':
      return second == '=' ? Take(TokenKind::kGreaterEqual, 2) : Take(TokenKind::kGreater, 1);
    case '+':
      return Take(TokenKind::kPlus, 1);
    case '-':
      if (second == '>') return Take(TokenKind::kArrow, 2);
      return second == '}' ? Take(TokenKind::kExcludeEnd, 2) : Take(TokenKind::kMinus, 1);
    case '*':
      return Take(TokenKind::kAsterisk, 1);
    case '/':
      return Take(TokenKind::kSlash, 1);
    case '%':
      return Take(TokenKind::kPercent, 1);
    case '|':
      return second == '|' ? Take(TokenKind::kConcat, 2) : Take(TokenKind::kPipe, 1);
    case '?':
      return Take(TokenKind::kQuestion, 1);
    case '^':
      return Take(TokenKind::kCaret, 1);
    default:
      return Take(TokenKind::kInvalid, 1);
  }
}

void TokenStream::Stop() {
  lexer_ = Lexer({});
  first_ = 0;
  filled_ = 1;
  ring_[0] = {};
}

}  // namespace gateway::sql
