// The JSON functions of the SQL standard.
#include "sql/parser.h"

namespace gateway::sql {

void Parser::JsonPathInvocation() {
  JsonValueExpression();
  Expect(TokenKind::kComma);
  String();
  if (Accept(Keyword::kAs)) Identifier();
  if (!Accept(Keyword::kPassing)) return;
  List([this] {
    JsonValueExpression();
    Expect(Keyword::kAs);
    Identifier();
  });
}

void Parser::JsonValueExpression() {
  Expression();
  OptionalJsonFormat();
}

void Parser::OptionalJsonFormat() {
  if (!Accept(Keyword::kFormat)) return;
  Expect(Keyword::kJson);
  if (Accept(Keyword::kEncoding)) {
    ExpectAny({Keyword::kUtf8, Keyword::kUtf16, Keyword::kUtf32});
  }
}

bool Parser::OptionalReturning() {
  if (!Accept(Keyword::kReturning)) return false;
  Type();
  return true;
}

void Parser::OptionalNullOnNull() {
  if (AcceptAny({Keyword::kNull, Keyword::kAbsent})) Expect(Keyword::kOn, {Keyword::kNull});
}

void Parser::JsonExists() {
  Expect(TokenKind::kLeftParen);
  JsonPathInvocation();
  if (AcceptAny({Keyword::kTrue, Keyword::kFalse, Keyword::kUnknown, Keyword::kError})) {
    Expect(Keyword::kOn, {Keyword::kError});
  }
  Expect(TokenKind::kRightParen);
}

void Parser::JsonValue() {
  Expect(TokenKind::kLeftParen);
  JsonPathInvocation();
  OptionalReturning();
  ValueBehaviors();
  Expect(TokenKind::kRightParen);
}

void Parser::JsonQuery() {
  Expect(TokenKind::kLeftParen);
  JsonPathInvocation();
  if (OptionalReturning()) OptionalJsonFormat();
  QueryBehaviors();
  Expect(TokenKind::kRightParen);
}

// What to do on empty and on an error: each at most once, in this order.
void Parser::ValueBehaviors() {
  for (bool may_be_empty = true; AtAny({Keyword::kError, Keyword::kNull, Keyword::kDefault});) {
    const bool has_value = At(Keyword::kDefault);
    Advance();
    if (has_value) Expression();
    Expect(Keyword::kOn);
    if (!may_be_empty || !Accept(Keyword::kEmpty)) return Expect(Keyword::kError);
    may_be_empty = false;
  }
}

void Parser::QueryBehaviors() {
  if (Accept(Keyword::kWithout)) {
    Accept(Keyword::kArray);
    Expect(Keyword::kWrapper);
  } else if (Accept(Keyword::kWith)) {
    AcceptAny({Keyword::kConditional, Keyword::kUnconditional});
    Accept(Keyword::kArray);
    Expect(Keyword::kWrapper);
  }
  if (AcceptAny({Keyword::kKeep, Keyword::kOmit})) {
    Expect(Keyword::kQuotes);
    if (Accept(Keyword::kOn)) Expect(Keyword::kScalar, {Keyword::kString});
  }
  for (bool may_be_empty = true; AtAny({Keyword::kError, Keyword::kNull, Keyword::kEmpty});) {
    const bool empty = At(Keyword::kEmpty);
    Advance();
    if (empty) ExpectAny({Keyword::kArray, Keyword::kObject});
    Expect(Keyword::kOn);
    if (!may_be_empty || !Accept(Keyword::kEmpty)) return Expect(Keyword::kError);
    may_be_empty = false;
  }
}

void Parser::JsonObject() {
  Expect(TokenKind::kLeftParen);
  const bool no_members = At(TokenKind::kRightParen) ||
                          (At(Keyword::kReturning) && NextIsIdentifier() &&
                           (!NextIs(Keyword::kValue) || NextIs(TokenKind::kRightParen, 2)));
  if (!no_members) {
    List([this] { JsonObjectMember(); });
    OptionalNullOnNull();
    if (AcceptAny({Keyword::kWith, Keyword::kWithout})) {
      Expect(Keyword::kUnique);
      Accept(Keyword::kKeys);
    }
  }
  if (OptionalReturning()) OptionalJsonFormat();
  Expect(TokenKind::kRightParen);
}

void Parser::JsonObjectMember() {
  const bool has_key = AtKeyOfMember();
  // `key[1]` is a column's element or an array behind KEY: reading the latter fits both.
  const bool may_be_key = AtSequence(Keyword::kKey, {TokenKind::kLeftBracket});
  if (has_key || may_be_key) Advance();
  Expression();
  if (has_key || !Accept(TokenKind::kColon)) Expect(Keyword::kValue);
  JsonValueExpression();
}

// `KEY name VALUE value`, or an expression that begins with a column `key`.
bool Parser::AtKeyOfMember() {
  if (!At(Keyword::kKey)) return false;
  if (NextIs(Keyword::kValue)) {
    // `KEY value VALUE x`, but not `key VALUE value`.
    return NextIs(Keyword::kValue, 2) && !NextIsAny({TokenKind::kComma, TokenKind::kRightParen}, 3);
  }
  return !NextIsAny({TokenKind::kColon, TokenKind::kDot, TokenKind::kLeftBracket,
                     TokenKind::kConcat, TokenKind::kAsterisk, TokenKind::kSlash,
                     TokenKind::kPercent, TokenKind::kEqual, TokenKind::kNotEqual, TokenKind::kLess,
                     TokenKind::kLessEqual, TokenKind::kGreater, TokenKind::kGreaterEqual,
                     Keyword::kIs, Keyword::kIn, Keyword::kBetween, Keyword::kLike, Keyword::kAnd,
                     Keyword::kOr});
}

void Parser::JsonArray() {
  Expect(TokenKind::kLeftParen);
  const bool no_elements =
      At(TokenKind::kRightParen) || (At(Keyword::kReturning) && NextIsIdentifier());
  if (!no_elements) {
    List([this] { JsonValueExpression(); });
    OptionalNullOnNull();
  }
  if (OptionalReturning()) OptionalJsonFormat();
  Expect(TokenKind::kRightParen);
}

}  // namespace gateway::sql
