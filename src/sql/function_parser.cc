// Function calls, and the functions of SQL that have a syntax of their own.
#include <algorithm>
#include <limits>

#include "sql/parser.h"

namespace gateway::sql {

void Parser::CallFunction(std::string_view name, bool has_mode) {
  Expect(TokenKind::kLeftParen);
  bool is_decorated = has_mode;
  int arguments = 0;
  if (Accept(TokenKind::kAsterisk)) {
    Expect(TokenKind::kRightParen);
  } else {
    if (At(Keyword::kDistinct)) is_decorated = true;
    if (!AtAny({TokenKind::kRightParen, Keyword::kOrder})) {
      SetQuantifier();
      const bool label =
          AtIdentifier() && NextIs(TokenKind::kDot) && NextIs(TokenKind::kAsterisk, 2);
      List([&] {
        Expression();
        ++arguments;
      });
      // count(label.*) in a row pattern: the expression ended before the point.
      if (label && arguments == 1) Expect(TokenKind::kDot, {TokenKind::kAsterisk});
    }
    if (At(Keyword::kOrder)) OrderBy();
    Expect(TokenKind::kRightParen);
  }
  CallSuffix(is_decorated);
  if (!name.empty()) CheckBuiltin(name, arguments, is_decorated);
}

void Parser::CallAfterFirstArgument() {
  if (Accept(TokenKind::kDot)) Expect(TokenKind::kAsterisk);  // label.* in a row pattern
  if (Accept(TokenKind::kComma)) List([this] { Expression(); });
  if (At(Keyword::kOrder)) OrderBy();
  Expect(TokenKind::kRightParen);
  bool is_decorated = false;
  CallSuffix(is_decorated);
}

void Parser::CallSuffix(bool& is_decorated) {
  is_decorated |= OptionalFilter();
  const bool treats_nulls = AtSequence(Keyword::kIgnore, {Keyword::kNulls}) ||
                            AtSequence(Keyword::kRespect, {Keyword::kNulls});
  if (treats_nulls) {
    Advance();
    Advance();
    if (!At(Keyword::kOver)) return Fail();
  }
  is_decorated |= OptionalOver() || treats_nulls;
}

bool Parser::OptionalFilter() {
  if (!AtSequence(Keyword::kFilter, {TokenKind::kLeftParen, Keyword::kWhere})) return false;
  Expect(Keyword::kFilter, {TokenKind::kLeftParen, Keyword::kWhere});
  Expression();
  Expect(TokenKind::kRightParen);
  return true;
}

// OVER is a name, too: without a window behind it, it is an alias.
bool Parser::OptionalOver() {
  if (!At(Keyword::kOver)) return false;
  if (NextIsIdentifier()) {
    Advance();
    Advance();
    return true;
  }
  if (!NextIs(TokenKind::kLeftParen)) return false;
  Advance();
  Advance();
  WindowSpecification();
  Expect(TokenKind::kRightParen);
  return true;
}

// These look like functions, but Trino's parser makes forms of them and counts their arguments.
void Parser::CheckBuiltin(std::string_view name, int arguments, bool is_decorated) {
  struct Builtin {
    std::string_view name;
    int least;
    int most;
  };
  constexpr int kAny = std::numeric_limits<int>::max();
  constexpr Builtin kBuiltins[] = {
      {"if", 2, 3}, {"nullif", 2, 2}, {"coalesce", 2, kAny}, {"try", 1, 1}, {"format", 2, kAny}};
  const auto* builtin = std::ranges::find(kBuiltins, name, &Builtin::name);
  if (builtin == std::end(kBuiltins)) return;
  if (is_decorated || arguments < builtin->least || arguments > builtin->most) Fail();
}

void Parser::ListAgg() {
  Expect(TokenKind::kLeftParen);
  SetQuantifier();
  Expression();
  if (Accept(TokenKind::kComma)) String();
  if (Accept(Keyword::kOn)) {
    Expect(Keyword::kOverflow);
    if (!Accept(Keyword::kError)) {
      Expect(Keyword::kTruncate);
      if (AtString()) String();
      ExpectAny({Keyword::kWith, Keyword::kWithout});
      Expect(Keyword::kCount);
    }
  }
  Expect(TokenKind::kRightParen);
  Expect(Keyword::kWithin, {Keyword::kGroup, TokenKind::kLeftParen});
  OrderBy();
  Expect(TokenKind::kRightParen);
  OptionalFilter();
  OptionalOver();
}

// Is this an argument list that only a plain call has, not one with FROM or IN?
bool Parser::AtPlainArguments() {
  return At(TokenKind::kLeftParen) &&
         NextIsAny({TokenKind::kRightParen, TokenKind::kAsterisk, Keyword::kDistinct, Keyword::kNot,
                    Keyword::kOrder});
}

// POSITION(a IN b), or a function of that name.
void Parser::Position() {
  if (AtPlainArguments()) return CallFunction({}, false);
  Expect(TokenKind::kLeftParen);
  ValueExpression();
  if (Accept(Keyword::kIn)) {
    ValueExpression();
    if (Accept(TokenKind::kRightParen)) return;
  }
  ExpressionFrom(true);
  CallAfterFirstArgument();
}

// SUBSTRING(a FROM b FOR c), or a function of that name.
void Parser::Substring() {
  if (AtPlainArguments()) return CallFunction({}, false);
  Expect(TokenKind::kLeftParen);
  ValueExpression();
  if (Accept(Keyword::kFrom)) {
    ValueExpression();
    if (Accept(Keyword::kFor)) ValueExpression();
    return Expect(TokenKind::kRightParen);
  }
  ExpressionFrom(true);
  CallAfterFirstArgument();
}

void Parser::Trim() {
  Expect(TokenKind::kLeftParen);
  bool needs_from = false;
  if (AtAny({Keyword::kLeading, Keyword::kTrailing, Keyword::kBoth}) &&
      !NextIsAny({TokenKind::kRightParen, TokenKind::kComma, TokenKind::kDot, TokenKind::kConcat,
                  TokenKind::kLeftBracket, Keyword::kAt})) {
    needs_from = true;
    Advance();
  }
  if (!needs_from || !At(Keyword::kFrom)) ValueExpression();
  if (needs_from && !At(Keyword::kFrom)) return Fail();
  if (AcceptAny({Keyword::kFrom, TokenKind::kComma})) ValueExpression();
  Expect(TokenKind::kRightParen);
}

void Parser::Normalize() {
  Expect(TokenKind::kLeftParen);
  ValueExpression();
  if (Accept(TokenKind::kComma)) {
    ExpectAny({Keyword::kNfc, Keyword::kNfd, Keyword::kNfkc, Keyword::kNfkd});
  }
  Expect(TokenKind::kRightParen);
}

void Parser::Extract() {
  constexpr std::string_view kFields[] = {
      "year",         "quarter",      "month",       "week",
      "day",          "day_of_month", "day_of_week", "dow",
      "day_of_year",  "doy",          "hour",        "year_of_week",
      "yow",          "minute",       "second",      "timezone_minute",
      "timezone_hour"};
  Expect(TokenKind::kLeftParen);
  const auto field = LowerIdentifier();
  if (std::ranges::find(kFields, field) == std::end(kFields)) return Fail();
  Expect(Keyword::kFrom);
  ValueExpression();
  Expect(TokenKind::kRightParen);
}

void Parser::Grouping() {
  Expect(TokenKind::kLeftParen);
  List([this] { SkipQualifiedName(); });
  Expect(TokenKind::kRightParen);
}

}  // namespace gateway::sql
