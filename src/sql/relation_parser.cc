// What stands in FROM: tables, joins, subqueries, table functions.
#include "sql/parser.h"

namespace gateway::sql {

void Parser::Relation() {
  const Nest nest(*this);
  SampledRelation();
  Joins();
}

void Parser::SampledRelation() {
  RelationPrimary();
  RelationAlias();
  MatchRecognize();
  TableSample();
}

void Parser::RelationTail() {
  RelationAlias();
  MatchRecognize();
  TableSample();
  Joins();
}

bool Parser::AtJoin() const {
  return AtAny({Keyword::kJoin, Keyword::kInner, Keyword::kLeft, Keyword::kRight, Keyword::kFull});
}

// `a JOIN b JOIN c ON x ON y` joins b and c first: the right side is a relation of its own.
void Parser::Joins() {
  for (;;) {
    if (Accept(Keyword::kCross)) {
      Expect(Keyword::kJoin);
      SampledRelation();
      continue;
    }
    const bool natural = Accept(Keyword::kNatural);
    if (!natural && !AtJoin()) return;
    if (AcceptAny({Keyword::kLeft, Keyword::kRight, Keyword::kFull})) {
      Accept(Keyword::kOuter);
    } else {
      Accept(Keyword::kInner);
    }
    Expect(Keyword::kJoin);
    if (natural) {
      SampledRelation();
    } else {
      Relation();
      JoinCriteria();
    }
  }
}

void Parser::JoinCriteria() {
  if (Accept(Keyword::kOn)) return Expression();
  Expect(Keyword::kUsing);
  ColumnAliases();
}

void Parser::RelationPrimary() {
  if (At(TokenKind::kLeftParen)) {
    ParenthesisedRelation();
  } else if (Accept(Keyword::kUnnest)) {
    Expect(TokenKind::kLeftParen);
    List([this] { Expression(); });
    Expect(TokenKind::kRightParen);
    if (Accept(Keyword::kWith)) Expect(Keyword::kOrdinality);
  } else if (AtSequence(Keyword::kLateral, {TokenKind::kLeftParen})) {
    Advance();
    Subquery();
  } else if (Accept(Keyword::kTable)) {
    Expect(TokenKind::kLeftParen);
    TableFunction();
    Expect(TokenKind::kRightParen);
  } else if (Accept(Keyword::kJsonTable)) {
    JsonTable();
  } else {
    TableReference();
  }
}

void Parser::TableReference() {
  names_.AddTableOrWith(QualifiedName());
  if (!Accept(Keyword::kFor)) return;
  ExpectAny({Keyword::kTimestamp, Keyword::kVersion});
  Expect(Keyword::kAs, {Keyword::kOf});
  ValueExpression();
}

Parser::Inside Parser::ParenthesisedRelation() {
  const Nest nest(*this);
  Expect(TokenKind::kLeftParen);
  const auto inside = QueryOrRelation();
  Expect(TokenKind::kRightParen);
  return inside;
}

// `((SELECT 1) UNION SELECT 2)` is a query, `((SELECT 1) x JOIN y ON z)` a relation, and
// `((SELECT 1))` is both.
Parser::Inside Parser::QueryOrRelation() {
  if (AtQuery()) {
    Query();
    return Inside::kQuery;
  }
  if (!At(TokenKind::kLeftParen)) {
    Relation();
    return Inside::kOther;
  }
  if (ParenthesisedRelation() == Inside::kQuery) {
    if (At(TokenKind::kRightParen)) return Inside::kQuery;
    if (AtQueryTail()) {
      QueryTail();
      return Inside::kQuery;
    }
  }
  RelationTail();
  return Inside::kOther;
}

void Parser::RelationAlias() {
  if (Accept(Keyword::kAs)) {
    Identifier();
  } else if (!AtAlias() ||
             (At(Keyword::kTablesample) && NextIsAny({Keyword::kBernoulli, Keyword::kSystem})) ||
             // MATCH_RECOGNIZE (a, b) renames columns; a clause begins with a keyword of its own.
             (AtSequence(Keyword::kMatchRecognize, {TokenKind::kLeftParen}) &&
              !NextIsAny({TokenKind::kComma, TokenKind::kRightParen}, 3))) {
    return;
  } else {
    Advance();
  }
  if (At(TokenKind::kLeftParen)) ColumnAliases();
}

void Parser::TableSample() {
  if (!Accept(Keyword::kTablesample)) return;
  ExpectAny({Keyword::kBernoulli, Keyword::kSystem});
  Expect(TokenKind::kLeftParen);
  Expression();
  Expect(TokenKind::kRightParen);
}

void Parser::MatchRecognize() {
  if (!Accept(Keyword::kMatchRecognize)) return;
  Expect(TokenKind::kLeftParen);
  PartitionBy();
  if (At(Keyword::kOrder)) OrderBy();
  Measures();
  if (Accept(Keyword::kOne)) {
    Expect(Keyword::kRow, {Keyword::kPer, Keyword::kMatch});
  } else if (Accept(Keyword::kAll)) {
    Expect(Keyword::kRows, {Keyword::kPer, Keyword::kMatch});
    if (AcceptAny({Keyword::kShow, Keyword::kOmit})) {
      Expect(Keyword::kEmpty, {Keyword::kMatches});
    } else if (Accept(Keyword::kWith)) {
      Expect(Keyword::kUnmatched, {Keyword::kRows});
    }
  }
  RowPatternClauses(true);
  Expect(TokenKind::kRightParen);
  RelationAlias();
}

// The call inside TABLE(...). The function itself is no table.
void Parser::TableFunction() {
  const Nest nest(*this);
  names_.TouchRoutine(QualifiedName());
  Expect(TokenKind::kLeftParen);
  if (!AtAny({TokenKind::kRightParen}) &&
      !(At(Keyword::kCopartition) && NextIs(TokenKind::kLeftParen))) {
    List([this] { TableFunctionArgument(); });
  }
  if (Accept(Keyword::kCopartition)) List([this] { CopartitionTables(); });
  Expect(TokenKind::kRightParen);
}

// The tables are named as the arguments are, which are noted already.
void Parser::CopartitionTables() {
  Expect(TokenKind::kLeftParen);
  SkipQualifiedName();
  Expect(TokenKind::kComma);
  List([this] { SkipQualifiedName(); });
  Expect(TokenKind::kRightParen);
}

void Parser::TableFunctionArgument() {
  if (AtIdentifier() && NextIs(TokenKind::kFatArrow)) {
    Advance();
    Advance();
  }
  if (At(Keyword::kTable)) return TableArgument();
  if (AtSequence(Keyword::kDescriptor, {TokenKind::kLeftParen})) return Descriptor();
  Expression();  // CAST(NULL AS DESCRIPTOR), too
}

bool Parser::AtColumnAliases(std::size_t ahead) {
  auto probe = tokens_;
  for (; ahead > 0; --ahead) probe.Advance();
  do {
    probe.Advance();  // the parenthesis, or a comma
    if (!IsIdentifier(probe.current().kind)) return false;
    probe.Advance();
  } while (probe.current().kind == TokenKind::kComma);
  return probe.current().kind == TokenKind::kRightParen;
}

void Parser::TableArgument() {
  Expect(Keyword::kTable, {TokenKind::kLeftParen});
  if (AtQuery() || At(TokenKind::kLeftParen)) {
    Query();
  } else {
    names_.AddTableOrWith(QualifiedName());
  }
  Expect(TokenKind::kRightParen);
  const bool copartition = AtSequence(Keyword::kCopartition, {TokenKind::kLeftParen});
  if (copartition && AtColumnAliases(1)) return Fail();  // an alias or the clause: Trino wants AS
  const bool clause = copartition || AtSequence(Keyword::kPartition, {Keyword::kBy}) ||
                      AtSequence(Keyword::kPrune, {Keyword::kWhen}) ||
                      AtSequence(Keyword::kKeep, {Keyword::kWhen});
  if (!clause) RelationAlias();
  if (AtSequence(Keyword::kPartition, {Keyword::kBy})) {
    Advance();
    Advance();
    if (AtSequence(TokenKind::kLeftParen, {TokenKind::kRightParen})) {
      Advance();
      Advance();
    } else {
      Expression();
    }
  }
  if (AcceptAny({Keyword::kPrune, Keyword::kKeep})) {
    Expect(Keyword::kWhen, {Keyword::kEmpty});
  }
  if (!Accept(Keyword::kOrder)) return;
  Expect(Keyword::kBy);
  if (!Accept(TokenKind::kLeftParen)) return SortItem();
  // Either a list of them, or an expression that begins with a parenthesis.
  if (AtQuery()) {
    Query();
  } else {
    List([this] { SortItem(); });
  }
  Expect(TokenKind::kRightParen);
  ExpressionFrom(true);
  SortOrder();
}

void Parser::Descriptor() {
  Expect(Keyword::kDescriptor, {TokenKind::kLeftParen});
  List([this] {
    Identifier();
    if (AtIdentifier()) Type();
  });
  Expect(TokenKind::kRightParen);
}

}  // namespace gateway::sql
