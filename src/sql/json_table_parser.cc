// JSON_TABLE and its plans.
#include "sql/parser.h"

namespace gateway::sql {

void Parser::JsonTable() {
  Expect(TokenKind::kLeftParen);
  JsonPathInvocation();
  JsonTableColumns();
  if (Accept(Keyword::kPlan)) JsonTablePlan();
  if (AcceptAny({Keyword::kError, Keyword::kEmpty})) Expect(Keyword::kOn, {Keyword::kError});
  Expect(TokenKind::kRightParen);
}

void Parser::JsonTableColumns() {
  const Nest nest(*this);
  Expect(Keyword::kColumns, {TokenKind::kLeftParen});
  List([this] { JsonTableColumn(); });
  Expect(TokenKind::kRightParen);
}

void Parser::JsonTableColumn() {
  // NESTED is a name, too: a column `nested` has a type.
  if (At(Keyword::kNested) && (NextIsString() || (NextIs(Keyword::kPath) && NextIsString(2)))) {
    Advance();
    Accept(Keyword::kPath);
    String();
    if (Accept(Keyword::kAs)) Identifier();
    return JsonTableColumns();
  }
  Identifier();
  if (Accept(Keyword::kFor)) return Expect(Keyword::kOrdinality);
  Type();
  const bool is_query = At(Keyword::kFormat);
  OptionalJsonFormat();
  if (Accept(Keyword::kPath)) String();
  if (is_query) {
    QueryBehaviors();
  } else {
    ValueBehaviors();
  }
}

void Parser::JsonTablePlan() {
  const bool is_default = Accept(Keyword::kDefault);
  Expect(TokenKind::kLeftParen);
  if (is_default) {
    JsonTableDefaultPlan();
  } else {
    JsonTableSpecificPlan();
  }
  Expect(TokenKind::kRightParen);
}

void Parser::JsonTableDefaultPlan() {
  const bool parent_first = AtAny({Keyword::kOuter, Keyword::kInner});
  ExpectAny({Keyword::kOuter, Keyword::kInner, Keyword::kUnion, Keyword::kCross});
  if (!Accept(TokenKind::kComma)) return;
  if (parent_first) {
    ExpectAny({Keyword::kUnion, Keyword::kCross});
  } else {
    ExpectAny({Keyword::kOuter, Keyword::kInner});
  }
}

void Parser::JsonTableSpecificPlan() {
  const Nest nest(*this);
  const bool is_name = AtIdentifier();
  JsonTablePlanPrimary();
  if (is_name && AcceptAny({Keyword::kOuter, Keyword::kInner})) return JsonTablePlanPrimary();
  if (AtAny({Keyword::kUnion, Keyword::kCross})) {
    const auto kind = current().kind;
    while (Accept(kind)) JsonTablePlanPrimary();
  } else if (!is_name) {
    Fail();
  }
}

void Parser::JsonTablePlanPrimary() {
  if (!Accept(TokenKind::kLeftParen)) return Identifier();
  JsonTableSpecificPlan();
  Expect(TokenKind::kRightParen);
}

}  // namespace gateway::sql
