// Queries: WITH, set operations, SELECT and what belongs to it.
#include "sql/parser.h"

namespace gateway::sql {

// WITH FUNCTION f(...), FUNCTION g(...) query. A WITH name may be "function" as well.
void Parser::RootQuery() {
  if (At(Keyword::kWith) && NextIs(Keyword::kFunction) && NextIsIdentifier(2)) {
    Advance();
    List([this] { FunctionSpecification(); });
  }
  Query();
}

bool Parser::AtQuery() {
  return AtAny({Keyword::kSelect, Keyword::kValues, Keyword::kWith}) ||
         (At(Keyword::kTable) && !NextIs(TokenKind::kLeftParen));
}

void Parser::Query() {
  const Nest nest(*this);
  const auto outer = names_.scope().size();
  if (At(Keyword::kWith)) With();
  QueryWithoutWith();
  names_.scope().Leave(outer);
}

void Parser::QueryWithoutWith() {
  QueryPrimary();
  QueryTail();
}

// A name can be seen by the queries after it; that of a recursive one by itself, too.
void Parser::With() {
  Expect(Keyword::kWith);
  const bool recursive = Accept(Keyword::kRecursive);
  List([&] {
    const auto name = LowerIdentifier();
    if (At(TokenKind::kLeftParen)) ColumnAliases();
    Expect(Keyword::kAs, {TokenKind::kLeftParen});
    if (recursive) names_.scope().Enter(name);
    Query();
    if (!recursive) names_.scope().Enter(name);
    Expect(TokenKind::kRightParen);
  });
}

void Parser::QueryPrimary() {
  const Nest nest(*this);
  if (At(Keyword::kSelect)) return Select();
  if (Accept(Keyword::kTable)) return names_.AddTableOrWith(QualifiedName());
  if (Accept(Keyword::kValues)) return List([this] { Expression(); });
  if (!Accept(TokenKind::kLeftParen)) return Fail();
  QueryWithoutWith();
  Expect(TokenKind::kRightParen);
}

bool Parser::AtQueryTail() {
  return AtAny({Keyword::kUnion, Keyword::kIntersect, Keyword::kExcept, Keyword::kOrder}) ||
         (AtIdentifier() && AtClauseAfterAlias());
}

void Parser::QueryTail() {
  SetOperations();
  if (At(Keyword::kOrder)) OrderBy();
  OffsetAndLimit();
}

void Parser::SetOperations() {
  while (AcceptAny({Keyword::kUnion, Keyword::kIntersect, Keyword::kExcept})) {
    AcceptAny({Keyword::kAll, Keyword::kDistinct});
    if (Accept(Keyword::kCorresponding) && Accept(Keyword::kBy)) ColumnAliases();
    QueryPrimary();
  }
}

void Parser::OrderBy() {
  Expect(Keyword::kOrder, {Keyword::kBy});
  List([this] { SortItem(); });
}

void Parser::SortItem() {
  Expression();
  SortOrder();
}

void Parser::SortOrder() {
  AcceptAny({Keyword::kAsc, Keyword::kDesc});
  if (Accept(Keyword::kNulls)) ExpectAny({Keyword::kFirst, Keyword::kLast});
}

void Parser::OffsetAndLimit() {
  if (Accept(Keyword::kOffset)) {
    RowCount();
    AcceptAny({Keyword::kRow, Keyword::kRows});
  }
  if (Accept(Keyword::kLimit)) {
    if (!Accept(Keyword::kAll)) RowCount();
  } else if (Accept(Keyword::kFetch)) {
    ExpectAny({Keyword::kFirst, Keyword::kNext});
    if (AtAny({TokenKind::kInteger, TokenKind::kQuestion})) RowCount();
    ExpectAny({Keyword::kRow, Keyword::kRows});
    if (!Accept(Keyword::kOnly)) Expect(Keyword::kWith, {Keyword::kTies});
  }
}

void Parser::RowCount() { ExpectAny({TokenKind::kInteger, TokenKind::kQuestion}); }

void Parser::Select() {
  Expect(Keyword::kSelect);
  SetQuantifier();
  List([this] { SelectItem(); });
  if (Accept(Keyword::kFrom)) List([this] { Relation(); });
  if (Accept(Keyword::kWhere)) Expression();
  if (Accept(Keyword::kGroup)) {
    Expect(Keyword::kBy);
    GroupBy();
  }
  if (Accept(Keyword::kHaving)) Expression();
  if (At(Keyword::kWindow)) Window();
}

// ALL is a name, too: in `SELECT all FROM t` it is a column.
void Parser::SetQuantifier() {
  if (Accept(Keyword::kDistinct)) return;
  if (!At(Keyword::kAll)) return;
  const bool is_column = NextIsAny(
      {TokenKind::kEnd,     TokenKind::kComma,        TokenKind::kRightParen, TokenKind::kDot,
       TokenKind::kEqual,   TokenKind::kNotEqual,     TokenKind::kLess,       TokenKind::kLessEqual,
       TokenKind::kGreater, TokenKind::kGreaterEqual, TokenKind::kConcat,     TokenKind::kSlash,
       TokenKind::kPercent, TokenKind::kArrow,        Keyword::kAs,           Keyword::kFrom,
       Keyword::kWhere,     Keyword::kGroup,          Keyword::kHaving,       Keyword::kOrder,
       Keyword::kUnion,     Keyword::kIntersect,      Keyword::kExcept,       Keyword::kIs,
       Keyword::kIn,        Keyword::kBetween,        Keyword::kLike,         Keyword::kAnd,
       Keyword::kOr});
  if (!is_column) Advance();
}

void Parser::SelectItem() {
  if (Accept(TokenKind::kAsterisk)) return;
  const char* const begin = current().text.data();
  Expression();
  // `name.*`: the expression ended before the point, and it must be no more than a primary one.
  if (Accept(TokenKind::kDot)) {
    if (last_primary_ != begin) return Fail();
    Expect(TokenKind::kAsterisk);
    if (Accept(Keyword::kAs)) ColumnAliases();
    return;
  }
  if (Accept(Keyword::kAs)) return Identifier();
  if (AtAlias()) Advance();
}

void Parser::GroupBy() {
  SetQuantifier();
  List([this] { GroupingElement(); });
}

void Parser::GroupingElement() {
  if (Accept(Keyword::kAuto)) return;
  const bool sets = AtSequence(Keyword::kGrouping, {Keyword::kSets});
  if (sets) Advance();
  if (!sets && !AtAny({Keyword::kRollup, Keyword::kCube})) {
    if (!AtSequence(TokenKind::kLeftParen, {TokenKind::kRightParen})) return Expression();
    return Expect(TokenKind::kLeftParen, {TokenKind::kRightParen});
  }
  Advance();
  Expect(TokenKind::kLeftParen);
  List([this] {
    if (!AtSequence(TokenKind::kLeftParen, {TokenKind::kRightParen})) return Expression();
    Expect(TokenKind::kLeftParen, {TokenKind::kRightParen});
  });
  Expect(TokenKind::kRightParen);
}

void Parser::Window() {
  Expect(Keyword::kWindow);
  List([this] {
    Identifier();
    Expect(Keyword::kAs, {TokenKind::kLeftParen});
    WindowSpecification();
    Expect(TokenKind::kRightParen);
  });
}

bool Parser::AtClauseAfterAlias() {
  if (At(Keyword::kLimit)) {
    return NextIsAny({TokenKind::kInteger, TokenKind::kQuestion, Keyword::kAll});
  }
  if (At(Keyword::kOffset)) return NextIsAny({TokenKind::kInteger, TokenKind::kQuestion});
  if (At(Keyword::kFetch)) return NextIsAny({Keyword::kFirst, Keyword::kNext});
  return At(Keyword::kWindow) && NextIsIdentifier() && NextIs(Keyword::kAs, 2);
}

}  // namespace gateway::sql
