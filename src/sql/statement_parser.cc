// Statements by their first word, and those that read or change data.
#include "sql/parser.h"

namespace gateway::sql {

void Parser::Statement(StatementFacts& facts) {
  const Nest nest(*this);
  facts.statement = StatementBody(facts);
  if (facts.category == Category::kNone) facts.category = CategoryOf(facts.statement);
}

StatementClass Parser::StatementBody(StatementFacts& facts) {
  if (AtQuery() || At(TokenKind::kLeftParen)) return QueryStatement();
  if (Accept(Keyword::kInsert)) return Insert();
  if (Accept(Keyword::kExecute)) return Execute(facts);
  if (Accept(Keyword::kCreate)) return Create();
  if (Accept(Keyword::kDrop)) return Drop();
  if (Accept(Keyword::kAlter)) return Alter();
  if (Accept(Keyword::kShow)) return Show();
  if (Accept(Keyword::kExplain)) return Explain(facts);
  if (AtAny({Keyword::kDescribe, Keyword::kDesc})) return Describe(facts);
  if (Accept(Keyword::kPrepare)) return Prepare(facts);
  if (Accept(Keyword::kDeallocate)) return Deallocate(facts);
  if (Accept(Keyword::kSet)) return Set();
  if (Accept(Keyword::kReset)) return Reset();
  if (Accept(Keyword::kUse)) return Use();
  if (Accept(Keyword::kDelete)) return Delete();
  if (Accept(Keyword::kUpdate)) return Update();
  if (Accept(Keyword::kMerge)) return Merge();
  if (Accept(Keyword::kCall)) return Call(facts);
  if (Accept(Keyword::kAnalyze)) return Analyze();
  if (Accept(Keyword::kTruncate)) return Truncate();
  if (Accept(Keyword::kRefresh)) return Refresh();
  if (Accept(Keyword::kComment)) return Comment();
  if (Accept(Keyword::kGrant)) return Grant();
  if (Accept(Keyword::kRevoke)) return Revoke();
  if (Accept(Keyword::kDeny)) return Deny();
  if (Accept(Keyword::kStart)) return StartTransaction();
  if (Accept(Keyword::kCommit)) return Accept(Keyword::kWork), StatementClass::kCommit;
  if (Accept(Keyword::kRollback)) return Accept(Keyword::kWork), StatementClass::kRollback;
  Fail();
  return StatementClass::kUnknown;
}

// WITH SESSION a = 1, b.c = 2 query. A WITH name may be "session" as well.
StatementClass Parser::QueryStatement() {
  if (At(Keyword::kWith) && NextIs(Keyword::kSession) && NextIsIdentifier(2)) {
    Advance();
    Advance();
    List([this] {
      SessionProperty();
      Expect(TokenKind::kEqual);
      Expression();
    });
  }
  RootQuery();
  return StatementClass::kQuery;
}

StatementClass Parser::Insert() {
  Expect(Keyword::kInto);
  names_.AddTable(QualifiedName());
  if (At(TokenKind::kLeftParen) && NextIsIdentifier()) ColumnAliases();
  RootQuery();
  return StatementClass::kInsert;
}

StatementClass Parser::Delete() {
  Expect(Keyword::kFrom);
  names_.AddTable(QualifiedName());
  OptionalWhere();
  return StatementClass::kDelete;
}

StatementClass Parser::Update() {
  names_.AddTable(QualifiedName());
  Expect(Keyword::kSet);
  List([this] { Assignment(); });
  OptionalWhere();
  return StatementClass::kUpdate;
}

void Parser::Assignment() {
  Identifier();
  Expect(TokenKind::kEqual);
  Expression();
}

void Parser::OptionalWhere() {
  if (Accept(Keyword::kWhere)) Expression();
}

StatementClass Parser::Merge() {
  Expect(Keyword::kInto);
  names_.AddTable(QualifiedName());
  if (Accept(Keyword::kAs) || AtIdentifier()) Identifier();
  Expect(Keyword::kUsing);
  Relation();
  Expect(Keyword::kOn);
  Expression();
  do MergeCase();
  while (At(Keyword::kWhen));
  return StatementClass::kMerge;
}

void Parser::MergeCase() {
  Expect(Keyword::kWhen);
  const bool inserts = Accept(Keyword::kNot);
  Expect(Keyword::kMatched);
  if (Accept(Keyword::kAnd)) Expression();
  Expect(Keyword::kThen);
  if (inserts) {
    Expect(Keyword::kInsert);
    if (At(TokenKind::kLeftParen)) ColumnAliases();
    Expect(Keyword::kValues, {TokenKind::kLeftParen});
    List([this] { Expression(); });
    return Expect(TokenKind::kRightParen);
  }
  if (Accept(Keyword::kDelete)) return;
  Expect(Keyword::kUpdate, {Keyword::kSet});
  List([this] { Assignment(); });
}

StatementClass Parser::Analyze() {
  names_.AddTable(QualifiedName());
  OptionalProperties();
  return StatementClass::kAnalyze;
}

StatementClass Parser::Truncate() {
  Expect(Keyword::kTable);
  names_.AddTable(QualifiedName());
  return StatementClass::kTruncateTable;
}

StatementClass Parser::Refresh() {
  Expect(Keyword::kMaterialized, {Keyword::kView});
  names_.AddTable(QualifiedName());
  return StatementClass::kRefreshMaterializedView;
}

}  // namespace gateway::sql
