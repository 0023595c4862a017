// SHOW, by what it shows.
#include "sql/parser.h"

namespace gateway::sql {

StatementClass Parser::Show() {
  if (Accept(Keyword::kCreate)) return ShowCreate();
  if (Accept(Keyword::kTables)) return ShowTables();
  if (Accept(Keyword::kSchemas)) return ShowSchemas();
  if (Accept(Keyword::kColumns)) return ShowColumns();
  if (Accept(Keyword::kStats)) return ShowStats();
  if (Accept(Keyword::kCatalogs)) return OptionalLike(), StatementClass::kShowCatalogs;
  if (Accept(Keyword::kSession)) return OptionalLike(), StatementClass::kShowSession;
  if (Accept(Keyword::kFunctions)) {
    if (AcceptAny({Keyword::kFrom, Keyword::kIn})) names_.TouchSchema(QualifiedName());
    OptionalLike();
    return StatementClass::kShowFunctions;
  }
  if (Accept(Keyword::kGrants)) {
    if (Accept(Keyword::kOn)) GrantObject(TokenKind::kEnd);
    return StatementClass::kShowGrants;
  }
  const bool role_grants = Accept(Keyword::kRole);
  if (role_grants) {
    Expect(Keyword::kGrants);
  } else {
    Accept(Keyword::kCurrent);
    Expect(Keyword::kRoles);
  }
  if (AcceptAny({Keyword::kFrom, Keyword::kIn})) names_.TouchCatalog(LowerIdentifier());
  return role_grants ? StatementClass::kShowRoleGrants : StatementClass::kShowRoles;
}

StatementClass Parser::ShowCreate() {
  if (Accept(Keyword::kSchema)) {
    names_.AddSchema(QualifiedName());
  } else {
    if (Accept(Keyword::kMaterialized)) {
      Expect(Keyword::kView);
    } else {
      // A function counts as well, as it does for trino-gateway.
      ExpectAny({Keyword::kTable, Keyword::kView, Keyword::kFunction});
    }
    names_.AddTable(QualifiedName());
  }
  return StatementClass::kShowCreate;
}

StatementClass Parser::ShowTables() {
  if (AcceptAny({Keyword::kFrom, Keyword::kIn})) {
    names_.AddSchema(QualifiedName());
  } else {
    names_.AddDefaultSchema();
  }
  OptionalLike();
  return StatementClass::kShowTables;
}

StatementClass Parser::ShowSchemas() {
  if (AcceptAny({Keyword::kFrom, Keyword::kIn})) {
    names_.AddCatalog(LowerIdentifier());
  } else {
    names_.AddDefaultCatalog();
  }
  OptionalLike();
  return StatementClass::kShowSchemas;
}

StatementClass Parser::ShowColumns() {
  ExpectAny({Keyword::kFrom, Keyword::kIn});
  names_.AddTable(QualifiedName());
  OptionalLike();
  return StatementClass::kShowColumns;
}

StatementClass Parser::ShowStats() {
  Expect(Keyword::kFor);
  if (Accept(TokenKind::kLeftParen)) {
    RootQuery();
    Expect(TokenKind::kRightParen);
  } else {
    names_.AddTable(QualifiedName());
  }
  return StatementClass::kShowStats;
}

void Parser::OptionalLike() {
  if (!Accept(Keyword::kLike)) return;
  String();
  if (Accept(Keyword::kEscape)) String();
}

}  // namespace gateway::sql
