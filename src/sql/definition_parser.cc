// Statements that define things: CREATE, DROP, COMMENT. ALTER has a file of its own.
#include "sql/parser.h"

namespace gateway::sql {

StatementClass Parser::Create() {
  const bool replace = OrReplace();
  if (Accept(Keyword::kTable)) return CreateTable(replace);
  if (Accept(Keyword::kView)) return CreateView();
  if (Accept(Keyword::kMaterialized)) {
    Expect(Keyword::kView);
    return CreateMaterializedView();
  }
  if (At(Keyword::kFunction)) {
    FunctionSpecification();
    return StatementClass::kCreateFunction;
  }
  if (replace) Fail();
  if (Accept(Keyword::kSchema)) return CreateSchema();
  if (Accept(Keyword::kCatalog)) return CreateCatalog();
  Expect(Keyword::kRole);
  return CreateRole();
}

StatementClass Parser::CreateTable(bool replace) {
  if (IfNotExists() && replace) Fail();
  names_.AddTable(QualifiedName());
  // Names alone are those of a query's columns.
  const bool has_elements =
      At(TokenKind::kLeftParen) && !NextIsAny({TokenKind::kComma, TokenKind::kRightParen}, 2);
  if (has_elements) {
    Expect(TokenKind::kLeftParen);
    List([this] { TableElement(); });
    Expect(TokenKind::kRightParen);
  } else if (At(TokenKind::kLeftParen)) {
    ColumnAliases();
  }
  OptionalComment();
  OptionalProperties();
  if (has_elements) return StatementClass::kCreateTable;
  Expect(Keyword::kAs);
  if (AtSequence(TokenKind::kLeftParen, {Keyword::kWith})) {
    Advance();
    RootQuery();
    Expect(TokenKind::kRightParen);
  } else {
    RootQuery();
  }
  if (Accept(Keyword::kWith)) {
    Accept(Keyword::kNo);
    Expect(Keyword::kData);
  }
  return StatementClass::kCreateTableAsSelect;
}

void Parser::TableElement() {
  if (!Accept(Keyword::kLike)) return ColumnDefinition();
  names_.AddTable(QualifiedName());
  if (AcceptAny({Keyword::kIncluding, Keyword::kExcluding})) Expect(Keyword::kProperties);
}

void Parser::ColumnDefinition() {
  SkipQualifiedName();
  Type();
  if (Accept(Keyword::kNot)) Expect(Keyword::kNull);
  OptionalComment();
  OptionalProperties();
}

StatementClass Parser::CreateView() {
  names_.AddTable(QualifiedName());
  OptionalComment();
  if (Accept(Keyword::kSecurity)) ExpectAny({Keyword::kDefiner, Keyword::kInvoker});
  OptionalProperties();
  Expect(Keyword::kAs);
  RootQuery();
  return StatementClass::kCreateView;
}

StatementClass Parser::CreateMaterializedView() {
  IfNotExists();
  names_.AddTable(QualifiedName());
  if (Accept(Keyword::kGrace)) {
    Expect(Keyword::kPeriod, {Keyword::kInterval});
    Interval();
  }
  OptionalComment();
  OptionalProperties();
  Expect(Keyword::kAs);
  RootQuery();
  return StatementClass::kCreateMaterializedView;
}

StatementClass Parser::CreateSchema() {
  IfNotExists();
  names_.AddSchema(QualifiedName());
  if (Accept(Keyword::kAuthorization)) Principal();
  OptionalProperties();
  return StatementClass::kCreateSchema;
}

StatementClass Parser::CreateCatalog() {
  IfNotExists();
  names_.AddCatalog(LowerIdentifier());
  Expect(Keyword::kUsing);
  Identifier();
  OptionalComment();
  if (Accept(Keyword::kAuthorization)) Principal();
  OptionalProperties();
  return StatementClass::kCreateCatalog;
}

StatementClass Parser::CreateRole() {
  Identifier();
  if (Accept(Keyword::kWith)) {
    Expect(Keyword::kAdmin);
    Grantor();
  }
  InCatalog();
  return StatementClass::kCreateRole;
}

StatementClass Parser::Drop() {
  if (Accept(Keyword::kTable)) return DropTable(StatementClass::kDropTable);
  if (Accept(Keyword::kView)) return DropTable(StatementClass::kDropView);
  if (Accept(Keyword::kMaterialized)) {
    Expect(Keyword::kView);
    return DropTable(StatementClass::kDropMaterializedView);
  }
  if (Accept(Keyword::kFunction)) {
    IfExists();
    FunctionDeclaration();
    return StatementClass::kDropFunction;
  }
  if (Accept(Keyword::kRole)) {
    IfExists();
    Identifier();
    InCatalog();
    return StatementClass::kDropRole;
  }
  const bool catalog = Accept(Keyword::kCatalog);
  if (!catalog) Expect(Keyword::kSchema);
  IfExists();
  if (catalog) {
    names_.AddCatalog(LowerIdentifier());
  } else {
    names_.AddSchema(QualifiedName());
  }
  AcceptAny({Keyword::kCascade, Keyword::kRestrict});
  return catalog ? StatementClass::kDropCatalog : StatementClass::kDropSchema;
}

StatementClass Parser::DropTable(StatementClass statement) {
  IfExists();
  names_.AddTable(QualifiedName());
  return statement;
}

StatementClass Parser::Comment() {
  Expect(Keyword::kOn);
  const bool column = Accept(Keyword::kColumn);
  if (!column) ExpectAny({Keyword::kTable, Keyword::kView});
  auto name = QualifiedName();
  if (column) name = name.first(name.size() - 1);
  if (!name.empty()) names_.AddTable(name);
  Expect(Keyword::kIs);
  if (!Accept(Keyword::kNull)) String();
  return StatementClass::kComment;
}

}  // namespace gateway::sql
