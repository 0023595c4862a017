// Roles and privileges: GRANT, REVOKE, DENY.
#include "sql/parser.h"

namespace gateway::sql {

StatementClass Parser::Grant() {
  const bool only_privileges = PrivilegesOrRoles();
  if (Accept(Keyword::kOn)) {
    GrantObject(Keyword::kTo);
    Expect(Keyword::kTo);
    Principal();
    if (Accept(Keyword::kWith)) Expect(Keyword::kGrant, {Keyword::kOption});
    return StatementClass::kGrant;
  }
  if (only_privileges) Fail();
  Expect(Keyword::kTo);
  List([this] { Principal(); });
  if (Accept(Keyword::kWith)) Expect(Keyword::kAdmin, {Keyword::kOption});
  GrantedByAndCatalog();
  return StatementClass::kGrantRoles;
}

StatementClass Parser::Revoke() {
  const bool of_roles = AtSequence(Keyword::kAdmin, {Keyword::kOption});
  const bool of_privileges = AtSequence(Keyword::kGrant, {Keyword::kOption});
  if (of_roles || of_privileges) {
    Advance();
    Expect(Keyword::kOption, {Keyword::kFor});
  }
  const bool only_privileges = PrivilegesOrRoles();
  if (!of_roles && Accept(Keyword::kOn)) {
    GrantObject(Keyword::kFrom);
    Expect(Keyword::kFrom);
    Principal();
    return StatementClass::kRevoke;
  }
  if (only_privileges || of_privileges) Fail();
  Expect(Keyword::kFrom);
  List([this] { Principal(); });
  GrantedByAndCatalog();
  return StatementClass::kRevokeRoles;
}

StatementClass Parser::Deny() {
  PrivilegesOrRoles();
  Expect(Keyword::kOn);
  GrantObject(Keyword::kTo);
  Expect(Keyword::kTo);
  Principal();
  return StatementClass::kDeny;
}

bool Parser::PrivilegesOrRoles() {
  if (AtSequence(Keyword::kAll, {Keyword::kPrivileges})) {
    Expect(Keyword::kAll, {Keyword::kPrivileges});
    return true;
  }
  bool only_privileges = false;
  List([&] {
    if (AcceptAny({Keyword::kCreate, Keyword::kSelect, Keyword::kDelete, Keyword::kInsert,
                   Keyword::kUpdate})) {
      only_privileges = true;
    } else {
      Identifier();
    }
  });
  return only_privileges;
}

// A kind may stand before the name: ON SCHEMA s. Any identifier can be one, also TO, which ends
// the object of a GRANT as well.
void Parser::GrantObject(Kind terminator) {
  Kind kind = Keyword::kTable;
  const bool names_follow =
      NextIsIdentifier() &&
      (!NextIs(terminator) ||
       (IsNameFollowedBy(1, {terminator}) && !IsNameFollowedBy(1, {terminator, TokenKind::kEnd})));
  if (At(Keyword::kTable) || (AtIdentifier() && names_follow)) {
    kind = current().kind;
    Advance();
  }
  const auto name = QualifiedName();
  if (kind == Keyword::kTable || kind == Keyword::kView) names_.AddTable(name);
  if (kind == Keyword::kSchema) names_.AddSchema(name);
  if (kind == Keyword::kFunction) names_.TouchRoutine(name);
}

void Parser::Principal() {
  const bool has_kind = AtAny({Keyword::kUser, Keyword::kRole}) && NextIsIdentifier() &&
                        !(NextIs(Keyword::kGranted) && NextIs(Keyword::kBy, 2));
  if (has_kind) Advance();
  Identifier();
}

void Parser::Grantor() {
  if (!AcceptAny({Keyword::kCurrentUser, Keyword::kCurrentRole})) Principal();
}

void Parser::GrantedByAndCatalog() {
  if (Accept(Keyword::kGranted)) {
    Expect(Keyword::kBy);
    Grantor();
  }
  InCatalog();
}

void Parser::InCatalog() {
  if (Accept(Keyword::kIn)) names_.TouchCatalog(LowerIdentifier());
}

}  // namespace gateway::sql
