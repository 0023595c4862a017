// Windows, and the row patterns of windows and MATCH_RECOGNIZE.
#include "sql/parser.h"

namespace gateway::sql {

void Parser::WindowSpecification() {
  if (AtExistingWindowName()) Advance();
  PartitionBy();
  if (At(Keyword::kOrder)) OrderBy();
  WindowFrame();
}

// The words that begin the clauses are names, too.
bool Parser::AtExistingWindowName() {
  if (!AtIdentifier() || AtSequence(Keyword::kPartition, {Keyword::kBy})) return false;
  if (!AtAny({Keyword::kRange, Keyword::kRows, Keyword::kGroups, Keyword::kMeasures})) return true;
  return NextIsAny({TokenKind::kRightParen, Keyword::kOrder, Keyword::kRange, Keyword::kRows,
                    Keyword::kGroups, Keyword::kMeasures}) ||
         (NextIs(Keyword::kPartition) && NextIs(Keyword::kBy, 2));
}

void Parser::PartitionBy() {
  if (!Accept(Keyword::kPartition)) return;
  Expect(Keyword::kBy);
  List([this] { Expression(); });
}

void Parser::Measures() {
  if (!Accept(Keyword::kMeasures)) return;
  List([this] {
    Expression();
    Expect(Keyword::kAs);
    Identifier();
  });
}

void Parser::WindowFrame() {
  const bool has_measures = At(Keyword::kMeasures);
  Measures();
  if (!AcceptAny({Keyword::kRange, Keyword::kRows, Keyword::kGroups})) {
    if (has_measures) Fail();
    return;
  }
  if (Accept(Keyword::kBetween)) {
    FrameBound();
    Expect(Keyword::kAnd);
  }
  FrameBound();
  RowPatternClauses(false);
}

void Parser::FrameBound() {
  if (AtSequence(Keyword::kCurrent, {Keyword::kRow})) {
    return Expect(Keyword::kCurrent, {Keyword::kRow});
  }
  if (At(Keyword::kUnbounded) && NextIsAny({Keyword::kPreceding, Keyword::kFollowing})) {
    Advance();
  } else {
    Expression();
  }
  ExpectAny({Keyword::kPreceding, Keyword::kFollowing});
}

void Parser::RowPatternClauses(bool required) {
  if (Accept(Keyword::kAfter)) {
    Expect(Keyword::kMatch);
    SkipTo();
  }
  AcceptAny({Keyword::kInitial, Keyword::kSeek});
  if (required || At(Keyword::kPattern)) {
    Expect(Keyword::kPattern, {TokenKind::kLeftParen});
    RowPattern();
    Expect(TokenKind::kRightParen);
  }
  if (Accept(Keyword::kSubset)) {
    List([this] {
      Identifier();
      Expect(TokenKind::kEqual);
      ColumnAliases();
    });
  }
  if (!required && !At(Keyword::kDefine)) return;
  Expect(Keyword::kDefine);
  List([this] {
    Identifier();
    Expect(Keyword::kAs);
    Expression();
  });
}

void Parser::SkipTo() {
  Expect(Keyword::kSkip);
  if (Accept(Keyword::kPast)) return Expect(Keyword::kLast, {Keyword::kRow});
  Expect(Keyword::kTo);
  if (AtSequence(Keyword::kNext, {Keyword::kRow})) Advance();
  // FIRST and LAST are names, too.
  if (AtAny({Keyword::kFirst, Keyword::kLast}) && NextIsIdentifier() &&
      !(NextIs(Keyword::kPattern) && NextIs(TokenKind::kLeftParen, 2))) {
    Advance();
  }
  Identifier();
}

void Parser::RowPattern() {
  const Nest nest(*this);
  do {
    do {
      PatternPrimary();
      PatternQuantifier();
    } while (AtPatternPrimary());
  } while (Accept(TokenKind::kPipe));
}

bool Parser::AtPatternPrimary() const {
  return AtIdentifier() || AtAny({TokenKind::kLeftParen, TokenKind::kCaret, TokenKind::kDollar,
                                  TokenKind::kExcludeBegin});
}

void Parser::PatternPrimary() {
  if (AcceptAny({TokenKind::kCaret, TokenKind::kDollar})) return;
  if (Accept(TokenKind::kExcludeBegin)) {
    RowPattern();
    return Expect(TokenKind::kExcludeEnd);
  }
  if (AtSequence(Keyword::kPermute, {TokenKind::kLeftParen})) {
    Advance();
    Advance();
    List([this] { RowPattern(); });
    return Expect(TokenKind::kRightParen);
  }
  if (!Accept(TokenKind::kLeftParen)) return Identifier();
  if (!At(TokenKind::kRightParen)) RowPattern();
  Expect(TokenKind::kRightParen);
}

void Parser::PatternQuantifier() {
  if (Accept(TokenKind::kLeftBrace)) {
    const bool least = Accept(TokenKind::kInteger);
    if (!least || !At(TokenKind::kRightBrace)) {
      Expect(TokenKind::kComma);
      Accept(TokenKind::kInteger);
    }
    Expect(TokenKind::kRightBrace);
  } else if (!AcceptAny({TokenKind::kAsterisk, TokenKind::kPlus, TokenKind::kQuestion})) {
    return;
  }
  Accept(TokenKind::kQuestion);
}

}  // namespace gateway::sql
