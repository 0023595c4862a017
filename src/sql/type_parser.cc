// Data types.
#include "sql/parser.h"

namespace gateway::sql {

void Parser::Type() {
  const Nest nest(*this);
  TypeBase();
  // `int ARRAY`. In a list of fields it may be a field `int` of the type array(...), too.
  while (At(Keyword::kArray) && !NextIsAny({TokenKind::kLeftParen, TokenKind::kLess})) Advance();
}

void Parser::TypeBase() {
  if (AtSequence(Keyword::kRow, {TokenKind::kLeftParen})) {
    Advance();
    Advance();
    List([this] { OptionallyNamedType(); });
    return Expect(TokenKind::kRightParen);
  }
  if (At(Keyword::kInterval) && NextIsAny({Keyword::kYear, Keyword::kMonth, Keyword::kDay,
                                           Keyword::kHour, Keyword::kMinute, Keyword::kSecond})) {
    Advance();
    return IntervalFields();
  }
  if (AtAny({Keyword::kTimestamp, Keyword::kTime})) return DateTimeType();
  if (AtSequence(Keyword::kDouble, {Keyword::kPrecision})) {
    return Expect(Keyword::kDouble, {Keyword::kPrecision});
  }
  if (AtAny({Keyword::kArray, Keyword::kMap}) && NextIs(TokenKind::kLess)) {
    const bool map = At(Keyword::kMap);
    Advance();
    Advance();
    Type();
    if (map) {
      Expect(TokenKind::kComma);
      Type();
    }
    return Expect(TokenKind::kGreater);
  }
  Identifier();
  TypeParameters();
}

void Parser::DateTimeType() {
  Advance();
  TypeParameters();
  if (AtAny({Keyword::kWith, Keyword::kWithout}) && NextIs(Keyword::kTime)) {
    Advance();
    Expect(Keyword::kTime, {Keyword::kZone});
  }
}

void Parser::TypeParameters() {
  if (!Accept(TokenKind::kLeftParen)) return;
  List([this] {
    if (!Accept(TokenKind::kInteger)) Type();
  });
  Expect(TokenKind::kRightParen);
}

// What looks like a type was a name when another one follows: `double`, `double double precision`.
void Parser::OptionallyNamedType() {
  const bool is_identifier = AtIdentifier();
  const auto* const behind_name = tokens_.Peek(1).text.data();
  Type();
  const bool is_one_word = current().text.data() == behind_name;
  if (is_identifier && is_one_word && AtIdentifier()) Type();
}

}  // namespace gateway::sql
