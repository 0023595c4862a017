// Statements about other statements, and about the session.
#include "sql/parser.h"

namespace gateway::sql {

// EXPLAIN (TYPE IO) ..., EXPLAIN ANALYZE ..., and EXPLAIN of the statement ANALYZE: the last only
// where a table's name is all that follows.
StatementClass Parser::Explain(StatementFacts& facts) {
  const bool of_analyze =
      At(Keyword::kAnalyze) && (IsNameFollowedBy(1, {TokenKind::kEnd}) ||
                                IsNameFollowedBy(1, {Keyword::kWith, TokenKind::kLeftParen}));
  const bool analyze = !of_analyze && Accept(Keyword::kAnalyze);
  if (analyze) {
    Accept(Keyword::kVerbose);
  } else if (At(TokenKind::kLeftParen) && NextIsAny({Keyword::kFormat, Keyword::kType})) {
    Advance();
    List([this] { ExplainOption(); });
    Expect(TokenKind::kRightParen);
  }
  StatementFacts inner;
  Statement(inner);
  facts.TakeCall(inner);
  if (!analyze) return StatementClass::kExplain;
  facts.category = inner.category;
  return StatementClass::kExplainAnalyze;
}

void Parser::ExplainOption() {
  if (Accept(Keyword::kFormat)) {
    ExpectAny({Keyword::kText, Keyword::kGraphviz, Keyword::kJson});
  } else {
    Expect(Keyword::kType);
    ExpectAny({Keyword::kLogical, Keyword::kDistributed, Keyword::kValidate, Keyword::kIo});
  }
}

StatementClass Parser::Prepare(StatementFacts& facts) {
  facts.prepared_name = OriginalIdentifier();
  Expect(Keyword::kFrom);
  StatementFacts inner;
  Statement(inner);
  facts.TakeCall(inner);
  return StatementClass::kPrepare;
}

StatementClass Parser::Deallocate(StatementFacts& facts) {
  Expect(Keyword::kPrepare);
  facts.prepared_name = OriginalIdentifier();
  return StatementClass::kDeallocate;
}

// IMMEDIATE is a name, too: a prepared statement may be called so.
StatementClass Parser::Execute(StatementFacts& facts) {
  const bool immediate = At(Keyword::kImmediate) && NextIsString();
  if (immediate) {
    Advance();
    facts.immediate_text = StringContent();
  } else {
    facts.prepared_name = OriginalIdentifier();
  }
  if (Accept(Keyword::kUsing)) {
    List([&] { facts.arguments.push_back(LiteralOrExpression()); });
  }
  return immediate ? StatementClass::kExecuteImmediate : StatementClass::kExecute;
}

// INPUT and OUTPUT may be tables, too: DESCRIBE input.
StatementClass Parser::Describe(StatementFacts& facts) {
  const bool may_be_prepared = At(Keyword::kDescribe);
  Advance();
  if (may_be_prepared && AtAny({Keyword::kInput, Keyword::kOutput}) && NextIsIdentifier()) {
    const bool input = At(Keyword::kInput);
    Advance();
    facts.prepared_name = OriginalIdentifier();
    return input ? StatementClass::kDescribeInput : StatementClass::kDescribeOutput;
  }
  names_.AddTable(QualifiedName());
  return StatementClass::kShowColumns;
}

StatementClass Parser::Call(StatementFacts& facts) {
  const auto procedure = names_.Resolve(QualifiedName());
  const std::string_view place[] = {procedure.catalog, procedure.schema};
  if (!procedure.schema.empty()) names_.TouchSchema(place);
  const bool kills = procedure == TableName{"system", "runtime", "kill_query", ""};
  std::optional<std::string_view> target;
  std::optional<std::string_view> parameter;
  bool named = false;
  bool first = true;
  Expect(TokenKind::kLeftParen);
  if (!At(TokenKind::kRightParen)) {
    List([&] {
      std::string_view name;
      if (AtIdentifier() && NextIs(TokenKind::kFatArrow)) {
        name = LowerIdentifier();
        Advance();
      }
      const auto begin = current();
      const bool bound =
          At(TokenKind::kQuestion) && NextIsAny({TokenKind::kComma, TokenKind::kRightParen});
      const auto literal = LiteralOrExpression();
      if (name == "query_id" || (first && !named)) {
        target = literal;
        parameter = bound ? std::optional(begin.text) : std::nullopt;
      }
      named = named || name == "query_id";
      first = false;
    });
  }
  Expect(TokenKind::kRightParen);
  facts.kill_target = kills ? target : std::nullopt;
  facts.kills_unknown = kills && !target;
  facts.kill_parameter = kills ? parameter : std::nullopt;
  return StatementClass::kCall;
}

// The value where the expression is a string, in parentheses or not.
std::optional<std::string_view> Parser::LiteralOrExpression() {
  const auto begin = tokens_;
  std::size_t open = 0;
  while (Accept(TokenKind::kLeftParen)) ++open;
  if (AtString()) {
    const auto value = StringContent();
    while (open > 0 && Accept(TokenKind::kRightParen)) --open;
    if (failed() ||
        (open == 0 && AtAny({TokenKind::kComma, TokenKind::kRightParen, TokenKind::kEnd})))
      return value;
  }
  tokens_ = begin;
  Expression();
  return std::nullopt;
}

StatementClass Parser::Set() {
  if (Accept(Keyword::kRole)) {
    Identifier();  // ALL and NONE, too
    InCatalog();
    return StatementClass::kSetRole;
  }
  if (Accept(Keyword::kPath)) {
    List([this] {
      Identifier();
      if (Accept(TokenKind::kDot)) Identifier();
    });
    return StatementClass::kSetPath;
  }
  if (Accept(Keyword::kTime)) {
    Expect(Keyword::kZone);
    Expression();  // LOCAL reads as a name
    return StatementClass::kSetTimeZone;
  }
  Expect(Keyword::kSession);
  if (At(Keyword::kAuthorization) && (NextIsIdentifier() || NextIsString())) {
    Advance();
    if (AtString()) {
      String();
    } else {
      Identifier();
    }
    return StatementClass::kSetSessionAuthorization;
  }
  SessionProperty();
  Expect(TokenKind::kEqual);
  Expression();
  return StatementClass::kSetSession;
}

StatementClass Parser::Reset() {
  Expect(Keyword::kSession);
  const bool authorization = AtSequence(Keyword::kAuthorization, {TokenKind::kEnd});
  SessionProperty();
  return authorization ? StatementClass::kResetSessionAuthorization : StatementClass::kResetSession;
}

// Those of a connector begin with the name of their catalog.
void Parser::SessionProperty() {
  const auto name = QualifiedName();
  if (name.size() > 1) names_.TouchCatalog(name.front());
}

StatementClass Parser::Use() {
  const auto name = QualifiedName();
  if (name.size() > 2) Fail();
  names_.TouchSchema(name);
  return StatementClass::kUse;
}

StatementClass Parser::StartTransaction() {
  Expect(Keyword::kTransaction);
  if (!At(TokenKind::kEnd)) List([this] { TransactionMode(); });
  return StatementClass::kStartTransaction;
}

void Parser::TransactionMode() {
  if (Accept(Keyword::kRead)) return ExpectAny({Keyword::kOnly, Keyword::kWrite});
  Expect(Keyword::kIsolation, {Keyword::kLevel});
  if (Accept(Keyword::kSerializable)) return;
  if (Accept(Keyword::kRepeatable)) return Expect(Keyword::kRead);
  Expect(Keyword::kRead);
  ExpectAny({Keyword::kUncommitted, Keyword::kCommitted});
}

}  // namespace gateway::sql
