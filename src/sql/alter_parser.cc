// ALTER, by what it alters.
#include "sql/parser.h"

namespace gateway::sql {

// Any identifier can be the kind of a thing that has an owner: ALTER FUNCTION f SET AUTHORIZATION
// u.
StatementClass Parser::Alter() {
  const Kind kind = current().kind;
  if (AtSequence(Keyword::kMaterialized, {Keyword::kView}) &&
      !(NextIs(Keyword::kSet, 2) && NextIs(Keyword::kAuthorization, 3))) {
    Advance();
    Advance();
    return AlterMaterializedView();
  }
  if (kind != Keyword::kTable && !AtIdentifier()) Fail();
  Advance();
  const bool if_exists = kind == Keyword::kTable && IfExists();
  const auto name = QualifiedName();
  // Only what is about a table and its columns has IF EXISTS.
  if (if_exists && AtAny({Keyword::kSet, Keyword::kExecute})) Fail();
  if (AtSequence(Keyword::kSet, {Keyword::kAuthorization})) return SetAuthorization(kind, name);
  if (kind == Keyword::kTable) return AlterTable(name);
  if (kind == Keyword::kSchema) return RenameSchema(name);
  if (kind != Keyword::kView) Fail();
  return Rename(StatementClass::kRenameView, name);
}

StatementClass Parser::SetAuthorization(Kind kind, Parts name) {
  if (kind == Keyword::kTable || kind == Keyword::kView) names_.AddTable(name);
  if (kind == Keyword::kSchema) names_.AddSchema(name);
  if (kind == Keyword::kFunction) names_.TouchRoutine(name);
  Expect(Keyword::kSet, {Keyword::kAuthorization});
  Principal();
  return StatementClass::kSetAuthorizationStatement;
}

StatementClass Parser::RenameSchema(Parts name) {
  Expect(Keyword::kRename, {Keyword::kTo});
  names_.AddSchema(name);
  names_.AddSibling(name, LowerIdentifier());
  return StatementClass::kRenameSchema;
}

// The new name lacks what it shares with the old one.
StatementClass Parser::Rename(StatementClass statement, Parts name) {
  const auto source = names_.Resolve(name);
  names_.AddTable(name);
  Expect(Keyword::kRename, {Keyword::kTo});
  names_.AddRenamed(source, QualifiedName());
  return statement;
}

StatementClass Parser::AlterMaterializedView() {
  const bool if_exists = IfExists();
  names_.AddTable(QualifiedName());
  if (!if_exists && Accept(Keyword::kSet)) {
    Expect(Keyword::kProperties);
    PropertyAssignments();
    return StatementClass::kSetProperties;
  }
  Expect(Keyword::kRename, {Keyword::kTo});
  names_.AddTable(QualifiedName());
  return StatementClass::kRenameMaterializedView;
}

StatementClass Parser::AlterTable(Parts name) {
  if (AtSequence(Keyword::kRename, {Keyword::kTo})) {
    return Rename(StatementClass::kRenameTable, name);
  }
  names_.AddTable(name);
  if (Accept(Keyword::kSet)) {
    Expect(Keyword::kProperties);
    PropertyAssignments();
    return StatementClass::kSetProperties;
  }
  if (Accept(Keyword::kExecute)) return TableExecute();
  return AlterColumn();
}

StatementClass Parser::TableExecute() {
  Identifier();
  if (Accept(TokenKind::kLeftParen) && !Accept(TokenKind::kRightParen)) {
    List([this] {
      if (AtIdentifier() && NextIs(TokenKind::kFatArrow)) {
        Advance();
        Advance();
      }
      Expression();
    });
    Expect(TokenKind::kRightParen);
  }
  OptionalWhere();
  return StatementClass::kTableExecute;
}

StatementClass Parser::AlterColumn() {
  if (Accept(Keyword::kAdd)) {
    Expect(Keyword::kColumn);
    IfNotExists();
    ColumnDefinition();
    if (Accept(Keyword::kAfter)) {
      Identifier();
    } else {
      AcceptAny({Keyword::kFirst, Keyword::kLast});
    }
    return StatementClass::kAddColumn;
  }
  if (Accept(Keyword::kDrop)) {
    Expect(Keyword::kColumn);
    IfExists();
    SkipQualifiedName();
    return StatementClass::kDropColumn;
  }
  if (Accept(Keyword::kRename)) {
    Expect(Keyword::kColumn);
    IfExists();
    SkipQualifiedName();
    Expect(Keyword::kTo);
    Identifier();
    return StatementClass::kRenameColumn;
  }
  Expect(Keyword::kAlter, {Keyword::kColumn});
  const bool nested = QualifiedName().size() > 1;
  if (!nested && Accept(Keyword::kDrop)) {
    Expect(Keyword::kNot, {Keyword::kNull});
    return StatementClass::kDropNotNullConstraint;
  }
  Expect(Keyword::kSet, {Keyword::kData, Keyword::kType});
  Type();
  return StatementClass::kSetColumnType;
}

}  // namespace gateway::sql
