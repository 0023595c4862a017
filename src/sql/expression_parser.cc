// Expressions: operators, predicates, names, literals, subqueries.
//
// Precedence does not matter for what is looked for, so operators of one kind are read in a loop;
// long chains of them need no stack.
#include <array>

#include "base/strings.h"
#include "sql/parser.h"

namespace gateway::sql {
namespace {

// What a token may be in an expression: most tokens are looked up here once instead of compared
// with one kind after the other.
enum Role : unsigned char {
  kNone = 0,
  kLiteral = 1,        // an expression by itself
  kValueOperator = 2,  // + - * / % ||
  kComparison = 4,     // = <> < <= > >=
  kPredicate = 8,      // NOT BETWEEN IN LIKE IS
  kLogical = 16,       // AND OR
  kListEnd = 32,       // , )
};

constexpr auto kRoles = [] {
  std::array<unsigned char, kKindCount> roles{};
  const auto set = [&roles](Role role, std::initializer_list<Kind> kinds) {
    for (const auto kind : kinds) roles[kind.value()] = role;
  };
  set(kLiteral, {TokenKind::kString, TokenKind::kInteger, TokenKind::kNumber, TokenKind::kBinary,
                 TokenKind::kQuestion, Keyword::kNull, Keyword::kTrue, Keyword::kFalse,
                 Keyword::kCurrentDate, Keyword::kCurrentUser, Keyword::kCurrentCatalog,
                 Keyword::kCurrentSchema, Keyword::kCurrentPath});
  set(kValueOperator, {TokenKind::kPlus, TokenKind::kMinus, TokenKind::kAsterisk, TokenKind::kSlash,
                       TokenKind::kPercent, TokenKind::kConcat});
  set(kComparison, {TokenKind::kEqual, TokenKind::kNotEqual, TokenKind::kLess,
                    TokenKind::kLessEqual, TokenKind::kGreater, TokenKind::kGreaterEqual});
  set(kPredicate, {Keyword::kNot, Keyword::kBetween, Keyword::kIn, Keyword::kLike, Keyword::kIs});
  set(kLogical, {Keyword::kAnd, Keyword::kOr});
  set(kListEnd, {TokenKind::kComma, TokenKind::kRightParen});
  return roles;
}();

unsigned char RoleOf(Kind kind) { return kRoles[kind.value()]; }

// Is `text`, which is in parentheses, a list of names or of nothing?
bool IsNameList(std::string_view text) {
  Lexer lexer(text);
  lexer.Next();
  auto token = lexer.Next();
  if (token.kind == TokenKind::kRightParen) return true;
  while (IsIdentifier(token.kind)) {
    token = lexer.Next();
    if (token.kind != TokenKind::kComma) return token.kind == TokenKind::kRightParen;
    token = lexer.Next();
  }
  return false;
}

}  // namespace

void Parser::ExpressionFrom(bool primary_read) {
  // Most of a long VALUES is literals.
  if (!primary_read && RoleOf(current().kind) == kLiteral &&
      RoleOf(tokens_.Peek(1).kind) == kListEnd) {
    return Advance();
  }
  for (;;) {
    if (!primary_read) {
      while (Accept(Keyword::kNot)) {
      }
    }
    ValueExpressionFrom(primary_read);
    primary_read = false;
    if ((RoleOf(current().kind) & (kComparison | kPredicate)) != 0) Predicate();
    if (RoleOf(current().kind) != kLogical) return;
    Advance();
  }
}

void Parser::ValueExpressionFrom(bool primary_read) {
  const Nest nest(*this);
  for (;;) {
    const char* begin = nullptr;
    if (!primary_read) {
      while (AcceptAny({TokenKind::kMinus, TokenKind::kPlus})) {
      }
      begin = current().text.data();
      Primary();
    }
    primary_read = false;
    Postfix();
    last_primary_ = begin;
    while (AtSequence(Keyword::kAt, {Keyword::kTime, Keyword::kZone})) {
      Expect(Keyword::kAt, {Keyword::kTime, Keyword::kZone});
      if (Accept(Keyword::kInterval)) {
        Interval();
      } else {
        String();
      }
    }
    if (RoleOf(current().kind) != kValueOperator) return;
    Advance();
  }
}

void Parser::Predicate() {
  if (RoleOf(current().kind) == kComparison) {
    Advance();
    return ComparisonRight();
  }
  if (Accept(Keyword::kIs)) {
    Accept(Keyword::kNot);
    if (Accept(Keyword::kNull)) return;
    Expect(Keyword::kDistinct, {Keyword::kFrom});
    return ValueExpression();
  }
  Accept(Keyword::kNot);
  if (Accept(Keyword::kBetween)) {
    ValueExpression();
    Expect(Keyword::kAnd);
    ValueExpression();
  } else if (Accept(Keyword::kIn)) {
    In();
  } else {
    Expect(Keyword::kLike);
    ValueExpression();
    if (Accept(Keyword::kEscape)) ValueExpression();
  }
}

// ALL, ANY and SOME are functions' names, too; only the inside of the parentheses tells.
void Parser::ComparisonRight() {
  const bool quantified = AtAny({Keyword::kAll, Keyword::kAny, Keyword::kSome}) &&
                          NextIs(TokenKind::kLeftParen) &&
                          NextIsAny({Keyword::kSelect, Keyword::kValues, Keyword::kWith,
                                     Keyword::kTable, TokenKind::kLeftParen},
                                    2);
  if (!quantified) return ValueExpression();
  Advance();
  if (Parenthesised() == Inside::kOther) ValueExpressionFrom(true);
}

void Parser::In() {
  Expect(TokenKind::kLeftParen);
  if (QueryOrExpression() == Inside::kOther && Accept(TokenKind::kComma)) {
    List([this] { Expression(); });
  }
  Expect(TokenKind::kRightParen);
}

// Subscripts and fields. `.*` is left to the SELECT item.
void Parser::Postfix() {
  for (;;) {
    if (Accept(TokenKind::kLeftBracket)) {
      ValueExpression();
      Expect(TokenKind::kRightBracket);
    } else if (At(TokenKind::kDot) && !NextIs(TokenKind::kAsterisk)) {
      Advance();
      Identifier();
    } else {
      return;
    }
  }
}

// A query, an expression, a row of some, or the arguments of a lambda.
Parser::Inside Parser::Parenthesised() {
  const Nest nest(*this);
  const char* const begin = current().text.data();
  Expect(TokenKind::kLeftParen);
  bool lambda = At(TokenKind::kRightParen);
  if (!lambda) {
    if (QueryOrExpression() == Inside::kQuery) {
      Expect(TokenKind::kRightParen);
      return Inside::kQuery;
    }
    if (Accept(TokenKind::kComma)) List([this] { Expression(); });
  }
  Expect(TokenKind::kRightParen);
  lambda = lambda || At(TokenKind::kArrow);
  if (lambda) {
    const char* const end = current().text.data();
    if (!At(TokenKind::kArrow) || !IsNameList({begin, end})) return Fail(), Inside::kOther;
    Advance();
    Expression();
  }
  return Inside::kOther;
}

Parser::Inside Parser::QueryOrExpression() {
  if (AtQuery()) {
    Query();
    return Inside::kQuery;
  }
  if (!At(TokenKind::kLeftParen)) {
    Expression();
    return Inside::kOther;
  }
  if (Parenthesised() == Inside::kQuery) {
    if (At(TokenKind::kRightParen)) return Inside::kQuery;
    if (AtQueryTail()) {
      QueryTail();
      return Inside::kQuery;
    }
  }
  ExpressionFrom(true);
  return Inside::kOther;
}

void Parser::Subquery() {
  Expect(TokenKind::kLeftParen);
  Query();
  Expect(TokenKind::kRightParen);
}

void Parser::Primary() {
  if (RoleOf(current().kind) == kLiteral) return Advance();
  if (At(TokenKind::kUnicodeString)) return String();
  if (At(TokenKind::kLeftParen)) {
    Parenthesised();
    return;
  }
  if (At(TokenKind::kLeftBracket)) return ArrayElements();
  if (AtIdentifier()) return NameOrCall();
  PrimaryOfKeyword();
}

void Parser::ArrayElements() {
  Expect(TokenKind::kLeftBracket);
  if (!At(TokenKind::kRightBracket)) List([this] { Expression(); });
  Expect(TokenKind::kRightBracket);
}

// Functions and forms whose keyword is reserved.
void Parser::PrimaryOfKeyword() {
  const auto kind = current().kind;
  Advance();
  if (kind == Keyword::kExists) return Subquery();
  if (kind == Keyword::kCase) return Case();
  if (kind == Keyword::kCast) return Cast();
  if (kind == Keyword::kCurrentTime || kind == Keyword::kCurrentTimestamp ||
      kind == Keyword::kLocaltime || kind == Keyword::kLocaltimestamp) {
    return OptionalPrecision();
  }
  if (kind == Keyword::kExtract) return Extract();
  if (kind == Keyword::kTrim) return Trim();
  if (kind == Keyword::kNormalize) return Normalize();
  if (kind == Keyword::kListagg) return ListAgg();
  if (kind == Keyword::kGrouping) return Grouping();
  if (kind == Keyword::kJsonExists) return JsonExists();
  if (kind == Keyword::kJsonValue) return JsonValue();
  if (kind == Keyword::kJsonQuery) return JsonQuery();
  if (kind == Keyword::kJsonObject) return JsonObject();
  if (kind == Keyword::kJsonArray) return JsonArray();
  Fail();
}

// What begins with an identifier, which may be a keyword that is not reserved.
void Parser::NameOrCall() {
  const auto kind = current().kind;
  if (NextIsString()) {
    const bool interval = kind == Keyword::kInterval;
    // X 'ab' is a binary literal with a blank too many, which Trino refuses.
    if (EqualsIgnoreCase(current().text, "x")) return Fail();
    Advance();
    String();  // DATE '2024-01-01'
    if (interval && AtIntervalField()) IntervalFields();
    return;
  }
  if (kind == Keyword::kInterval && NextIsAny({TokenKind::kPlus, TokenKind::kMinus}) &&
      NextIsString(2)) {
    Advance();
    return Interval();
  }
  if (AtSequence(Keyword::kDouble, {Keyword::kPrecision}) && NextIsString(2)) {
    Advance();
    Advance();
    return String();
  }
  if (NextIs(TokenKind::kArrow)) {
    Advance();
    Advance();
    return Expression();
  }
  if (kind == Keyword::kArray && NextIs(TokenKind::kLeftBracket)) return Advance(), ArrayElements();
  const bool has_mode = (kind == Keyword::kFinal || kind == Keyword::kRunning) &&
                        NextIsIdentifier() && !NextIs(Keyword::kOver) &&
                        IsNameFollowedBy(1, {TokenKind::kLeftParen});
  if (has_mode) Advance();
  if (NextIs(TokenKind::kLeftParen)) {
    if (At(Keyword::kTryCast)) return Advance(), TryCast();
    if (At(Keyword::kPosition)) return Advance(), Position();
    if (At(Keyword::kSubstring)) return Advance(), Substring();
    return CallFunction(LowerIdentifier(), has_mode);
  }
  Advance();
  if (!At(TokenKind::kDot)) {
    // A measure of a row pattern.
    if (At(Keyword::kOver) && (NextIsIdentifier() || NextIs(TokenKind::kLeftParen))) OptionalOver();
    return;
  }
  while (At(TokenKind::kDot) && !NextIs(TokenKind::kAsterisk)) {
    Advance();
    Identifier();
  }
  if (At(TokenKind::kLeftParen)) CallFunction({}, has_mode);
}

void Parser::Case() {
  if (!At(Keyword::kWhen)) Expression();
  do {
    Expect(Keyword::kWhen);
    Expression();
    Expect(Keyword::kThen);
    Expression();
  } while (At(Keyword::kWhen));
  if (Accept(Keyword::kElse)) Expression();
  Expect(Keyword::kEnd);
}

void Parser::Cast() {
  Expect(TokenKind::kLeftParen);
  Expression();
  Expect(Keyword::kAs);
  Type();
  Expect(TokenKind::kRightParen);
}

// TRY_CAST is no reserved word: without AS it is a function of that name.
void Parser::TryCast() {
  if (AtPlainArguments() && !NextIs(Keyword::kNot)) return CallFunction({}, false);
  Expect(TokenKind::kLeftParen);
  Expression();
  if (!Accept(Keyword::kAs)) return CallAfterFirstArgument();
  Type();
  Expect(TokenKind::kRightParen);
}

// Trino reads the precision as a plain number: no 0x1F, no 1_000.
void Parser::OptionalPrecision() {
  if (!Accept(TokenKind::kLeftParen)) return;
  if (current().text.find_first_not_of("0123456789") != std::string_view::npos) Fail();
  Integer();
  Expect(TokenKind::kRightParen);
}

void Parser::Interval() {
  AcceptAny({TokenKind::kPlus, TokenKind::kMinus});
  String();
  IntervalFields();
}

void Parser::IntervalFields() {
  IntervalField();
  if (Accept(Keyword::kTo)) IntervalField();
}

bool Parser::AtIntervalField() const {
  return AtAny({Keyword::kYear, Keyword::kMonth, Keyword::kDay, Keyword::kHour, Keyword::kMinute,
                Keyword::kSecond});
}

void Parser::IntervalField() {
  if (!AtIntervalField()) return Fail();
  Advance();
}

}  // namespace gateway::sql
