#include "sql/parser.h"

#include <algorithm>

#include "sql/text.h"

namespace gateway::sql {

ParseResult Parser::Parse(StatementFacts& facts) {
  Statement(facts);
  if (!At(TokenKind::kEnd)) Fail();
  return result_;
}

void Parser::Fail(ParseResult result) {
  if (!failed()) result_ = result;
  tokens_.Stop();
}

bool Parser::AtAny(std::initializer_list<Kind> kinds) const {
  return std::ranges::find(kinds, current().kind) != kinds.end();
}

bool Parser::AtSequence(Kind first, std::initializer_list<Kind> rest) {
  if (!At(first)) return false;
  std::size_t ahead = 0;
  return std::ranges::all_of(rest, [&](Kind kind) { return NextIs(kind, ++ahead); });
}

bool Parser::NextIsAny(std::initializer_list<Kind> kinds, std::size_t ahead) {
  return std::ranges::find(kinds, tokens_.Peek(ahead).kind) != kinds.end();
}

bool Parser::NextIsString(std::size_t ahead) {
  return NextIsAny({TokenKind::kString, TokenKind::kUnicodeString}, ahead);
}

bool Parser::Accept(Kind kind) {
  if (!At(kind)) return false;
  Advance();
  return true;
}

bool Parser::AcceptAny(std::initializer_list<Kind> kinds) {
  if (!AtAny(kinds)) return false;
  Advance();
  return true;
}

void Parser::Expect(Kind kind) {
  if (!Accept(kind)) Fail();
}

void Parser::Expect(Kind first, std::initializer_list<Kind> rest) {
  Expect(first);
  for (const auto kind : rest) Expect(kind);
}

void Parser::ExpectAny(std::initializer_list<Kind> kinds) {
  if (!AcceptAny(kinds)) Fail();
}

void Parser::Identifier() {
  if (!AtIdentifier()) return Fail();
  Advance();
}

std::string_view Parser::OriginalIdentifier() {
  if (!AtIdentifier()) {
    Fail();
    return {};
  }
  const auto name = NameOf(current(), names_.arena());
  Advance();
  return name;
}

std::string_view Parser::LowerIdentifier() { return Lower(OriginalIdentifier(), names_.arena()); }

Parser::Parts Parser::QualifiedName() {
  parts_.clear();
  do parts_.push_back(LowerIdentifier());
  while (Accept(TokenKind::kDot));
  return parts_;
}

bool Parser::IsNameFollowedBy(std::size_t ahead, std::initializer_list<Kind> kinds) {
  auto probe = tokens_;
  for (; ahead > 0; --ahead) probe.Advance();
  for (;;) {
    if (!IsIdentifier(probe.current().kind)) return false;
    probe.Advance();
    if (probe.current().kind != TokenKind::kDot) break;
    probe.Advance();
  }
  return std::ranges::all_of(kinds, [&probe](Kind kind) {
    const bool is_next = probe.current().kind == kind;
    probe.Advance();
    return is_next;
  });
}

bool Parser::AtString() const { return AtAny({TokenKind::kString, TokenKind::kUnicodeString}); }

void Parser::String() { StringContent(); }

std::optional<std::string_view> Parser::StringContent() {
  const Token token = current();
  if (Accept(TokenKind::kString)) return StringValue(token, names_.arena());
  if (!Accept(TokenKind::kUnicodeString)) {
    Fail();
    return std::nullopt;
  }
  std::optional<char> escape = '\\';
  if (Accept(Keyword::kUescape)) {
    escape = At(TokenKind::kString) ? EscapeCharacter(current()) : std::nullopt;
    Expect(TokenKind::kString);
  }
  const auto value = escape ? UnicodeStringValue(token, *escape, names_.arena()) : std::nullopt;
  if (!value) Fail();
  return value;
}

bool Parser::IfExists() {
  if (!AtSequence(Keyword::kIf, {Keyword::kExists})) return false;
  Expect(Keyword::kIf, {Keyword::kExists});
  return true;
}

bool Parser::IfNotExists() {
  if (!AtSequence(Keyword::kIf, {Keyword::kNot})) return false;
  Expect(Keyword::kIf, {Keyword::kNot, Keyword::kExists});
  return true;
}

bool Parser::OrReplace() {
  if (!Accept(Keyword::kOr)) return false;
  Expect(Keyword::kReplace);
  return true;
}

void Parser::ColumnAliases() {
  Expect(TokenKind::kLeftParen);
  List([this] { Identifier(); });
  Expect(TokenKind::kRightParen);
}

void Parser::Properties() {
  Expect(TokenKind::kLeftParen);
  PropertyAssignments();
  Expect(TokenKind::kRightParen);
}

void Parser::PropertyAssignments() {
  List([this] {
    Identifier();
    Expect(TokenKind::kEqual);
    Expression();  // DEFAULT reads as a name
  });
}

void Parser::OptionalComment() {
  if (Accept(Keyword::kComment)) String();
}

void Parser::OptionalProperties() {
  if (Accept(Keyword::kWith)) Properties();
}

}  // namespace gateway::sql
