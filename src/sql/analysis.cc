#include "sql/analysis.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "sql/lexer.h"
#include "sql/parser.h"

namespace gateway::sql {
namespace {

std::string_view Keep(std::string_view text, Arena& arena) {
  char* const begin = arena.Allocate(text.size());
  std::ranges::copy(text, begin);
  return {begin, text.size()};
}

// Everything but the arena and the defaults, which the text of an EXECUTE still needs.
void Clear(Analysis& analysis) {
  analysis.outcome = Outcome::kOk;
  analysis.query_type = StatementClass::kUnknown;
  analysis.category = Category::kNone;
  analysis.read_only.reset();
  analysis.kill_target.reset();
  analysis.names.Clear();
}

// Nothing is known of the text but the outcome.
void GiveUp(Outcome outcome, Analysis& analysis) {
  Clear(analysis);
  analysis.outcome = outcome;
}

// Reads `analysis.body`. False where it cannot be read.
bool Read(StatementFacts& facts, Analysis& analysis) {
  const auto result = Parser(analysis.body, analysis.names, analysis.parts).Parse(facts);
  if (result == ParseResult::kOk) return true;
  GiveUp(result == ParseResult::kTooDeep ? Outcome::kTooDeep : Outcome::kSyntaxError, analysis);
  return false;
}

using Arguments = std::span<const std::optional<std::string_view>>;

// What is given to the parameter, which is a token of `body`; nothing where that is no string.
std::optional<std::string_view> ArgumentOf(std::string_view parameter,
                                           std::string_view body,
                                           Arguments arguments) {
  std::size_t index = 0;
  Lexer lexer(body);
  for (auto token = lexer.Next(); token.text.data() < parameter.data(); token = lexer.Next()) {
    if (token.kind == TokenKind::kQuestion) ++index;
  }
  return index < arguments.size() ? arguments[index] : std::nullopt;
}

void Conclude(const StatementFacts& facts, Arguments arguments, Analysis& analysis) {
  analysis.query_type = facts.statement;
  analysis.category = facts.category;
  analysis.read_only = IsReadOnly(facts.category);
  analysis.kill_target = facts.kill_target;
  if (analysis.names.unresolved()) analysis.outcome = Outcome::kUnresolved;
  if (facts.kill_parameter) {
    analysis.kill_target = ArgumentOf(*facts.kill_parameter, analysis.body, arguments);
  }
  if (facts.kills_unknown && !analysis.kill_target) analysis.outcome = Outcome::kUnknownTarget;
}

// The text that the statement runs, where it is an EXECUTE.
std::optional<std::string_view> TextBehind(const StatementFacts& facts,
                                           const Session& session,
                                           Analysis& analysis) {
  if (facts.immediate_text) return facts.immediate_text;
  if (!session.prepared || !facts.prepared_name) return std::nullopt;
  const auto text = session.prepared(*facts.prepared_name);
  if (!text) return std::nullopt;
  return Keep(*text, analysis.names.arena());
}

}  // namespace

std::string_view NameOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return "ok";
    case Outcome::kEmpty:
      return "empty";
    case Outcome::kSyntaxError:
      return "syntax_error";
    case Outcome::kTooDeep:
      return "too_deep";
    case Outcome::kUnresolved:
      return "unresolved";
    case Outcome::kUnknownPrepared:
      return "no_prepared";
    case Outcome::kUnknownTarget:
      return "fatal";
  }
  std::unreachable();
}

void Analyze(std::string_view sql, const Session& session, Analysis& analysis) {
  Clear(analysis);
  analysis.names.Reset(session.catalog, session.schema);
  analysis.statement = StatementClass::kUnknown;
  analysis.prepared_name.reset();
  analysis.body = sql;
  if (sql.empty()) return GiveUp(Outcome::kEmpty, analysis);

  StatementFacts facts;
  if (!Read(facts, analysis)) return;
  analysis.statement = facts.statement;
  analysis.prepared_name = facts.prepared_name;
  if (facts.statement != StatementClass::kExecute &&
      facts.statement != StatementClass::kExecuteImmediate) {
    return Conclude(facts, {}, analysis);
  }

  // Names in what is given to the parameters do not count; an EXECUTE behind this one stays one.
  analysis.names.Clear();
  const auto text = TextBehind(facts, session, analysis);
  if (!text) {
    analysis.outcome = Outcome::kUnknownPrepared;
    analysis.query_type = facts.statement;
    return;
  }
  analysis.body = *text;
  StatementFacts inner;
  if (Read(inner, analysis)) Conclude(inner, facts.arguments, analysis);
}

Analysis Analyze(std::string_view sql, const Session& session) {
  Analysis analysis;
  Analyze(sql, session, analysis);
  return analysis;
}

}  // namespace gateway::sql
