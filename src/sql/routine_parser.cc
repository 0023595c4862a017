// Functions written in SQL: their head, and the statements of their body.
#include "sql/parser.h"

namespace gateway::sql {

void Parser::FunctionSpecification() {
  Expect(Keyword::kFunction);
  FunctionDeclaration();
  Expect(Keyword::kReturns);
  Type();
  while (RoutineCharacteristic()) {
  }
  if (Accept(Keyword::kAs)) {
    // The text of a language other than SQL begins on a line of its own.
    const auto text = current().text;
    if (text.size() < 3 || (text[2] != '\n' && text[2] != '\r')) return Fail();
    return Expect(TokenKind::kDollarString);
  }
  if (!AtAny({Keyword::kReturn, Keyword::kBegin}) || NextIs(TokenKind::kColon)) return Fail();
  ControlStatement();
}

void Parser::FunctionDeclaration() {
  names_.TouchRoutine(QualifiedName());
  Expect(TokenKind::kLeftParen);
  if (!At(TokenKind::kRightParen)) List([this] { OptionallyNamedType(); });
  Expect(TokenKind::kRightParen);
}

bool Parser::RoutineCharacteristic() {
  if (Accept(Keyword::kLanguage)) {
    Identifier();
  } else if (AtAny({Keyword::kNot, Keyword::kDeterministic})) {
    Accept(Keyword::kNot);
    Expect(Keyword::kDeterministic);
  } else if (Accept(Keyword::kReturns)) {
    Expect(Keyword::kNull, {Keyword::kOn, Keyword::kNull, Keyword::kInput});
  } else if (Accept(Keyword::kCalled)) {
    Expect(Keyword::kOn, {Keyword::kNull, Keyword::kInput});
  } else if (Accept(Keyword::kSecurity)) {
    ExpectAny({Keyword::kDefiner, Keyword::kInvoker});
  } else if (Accept(Keyword::kComment)) {
    String();
  } else if (Accept(Keyword::kWith)) {
    Properties();
  } else {
    return false;
  }
  return true;
}

bool Parser::AtControlStatement() {
  return AtAny({Keyword::kReturn, Keyword::kSet, Keyword::kCase, Keyword::kIf, Keyword::kIterate,
                Keyword::kLeave, Keyword::kBegin, Keyword::kLoop, Keyword::kWhile,
                Keyword::kRepeat}) ||
         (AtIdentifier() && NextIs(TokenKind::kColon));
}

void Parser::StatementList() {
  do {
    ControlStatement();
    Expect(TokenKind::kSemicolon);
  } while (AtControlStatement());
}

void Parser::ControlStatement() {
  const Nest nest(*this);
  bool labelled = false;
  if (AtIdentifier() && NextIs(TokenKind::kColon)) {
    labelled = true;
    Advance();
    Advance();
  }
  if (Accept(Keyword::kLoop)) {
    StatementList();
    return Expect(Keyword::kEnd, {Keyword::kLoop});
  }
  if (Accept(Keyword::kWhile)) {
    Expression();
    Expect(Keyword::kDo);
    StatementList();
    return Expect(Keyword::kEnd, {Keyword::kWhile});
  }
  if (Accept(Keyword::kRepeat)) {
    StatementList();
    Expect(Keyword::kUntil);
    Expression();
    return Expect(Keyword::kEnd, {Keyword::kRepeat});
  }
  if (labelled) return Fail();
  if (Accept(Keyword::kReturn)) return ValueExpression();
  if (Accept(Keyword::kSet)) {
    Identifier();
    Expect(TokenKind::kEqual);
    return Expression();
  }
  if (AcceptAny({Keyword::kIterate, Keyword::kLeave})) return Identifier();
  if (Accept(Keyword::kCase)) return CaseStatement();
  if (Accept(Keyword::kIf)) return IfStatement();
  Compound();
}

void Parser::Compound() {
  if (!Accept(Keyword::kBegin)) return Fail();
  while (Accept(Keyword::kDeclare)) {
    List([this] { Identifier(); });
    Type();
    if (Accept(Keyword::kDefault)) ValueExpression();
    Expect(TokenKind::kSemicolon);
  }
  if (!At(Keyword::kEnd)) StatementList();
  Expect(Keyword::kEnd);
}

void Parser::IfStatement() {
  Expression();
  Expect(Keyword::kThen);
  StatementList();
  while (Accept(Keyword::kElseif)) {
    Expression();
    Expect(Keyword::kThen);
    StatementList();
  }
  if (Accept(Keyword::kElse)) StatementList();
  Expect(Keyword::kEnd, {Keyword::kIf});
}

void Parser::CaseStatement() {
  if (!At(Keyword::kWhen)) Expression();
  do {
    Expect(Keyword::kWhen);
    Expression();
    Expect(Keyword::kThen);
    StatementList();
  } while (At(Keyword::kWhen));
  if (Accept(Keyword::kElse)) StatementList();
  Expect(Keyword::kEnd, {Keyword::kCase});
}

}  // namespace gateway::sql
