#include <iterator>

#include <fmt/format.h>

#include "explain/explainer.h"

namespace gateway::explain {
namespace {

std::string_view ReadOnlyText(const std::optional<bool>& read_only) {
  if (!read_only) return "not known whether it only reads";
  return *read_only ? "only reads" : "writes";
}

void AppendStatement(std::string& text, const StatementTrace& statement) {
  const auto out = std::back_inserter(text);
  if (!statement.understood) {
    fmt::format_to(out, "\nstatement: not understood ({})\n", statement.outcome);
    return;
  }
  fmt::format_to(out, "\nstatement: {} ({}), {}\n", statement.type,
                 statement.category.empty() ? "no category" : statement.category,
                 ReadOnlyText(statement.read_only));
  if (statement.outcome != "ok") fmt::format_to(out, "  names: {}\n", statement.outcome);
  if (!statement.tables.empty()) {
    fmt::format_to(out, "  tables: {}\n", fmt::join(statement.tables, ", "));
  }
  if (!statement.schemas.empty()) {
    fmt::format_to(out, "  schemas: {}\n", fmt::join(statement.schemas, ", "));
  }
  if (!statement.kill_target.empty()) {
    fmt::format_to(out, "  kills: {}\n", statement.kill_target);
  }
}

void AppendRules(std::string& text, const std::vector<rules::RuleTrace>& rules) {
  if (rules.empty()) return;
  text += "\nrules, in the order they are asked\n";
  for (const auto& rule : rules) {
    fmt::format_to(std::back_inserter(text), "  {} (priority {}): {}: {}\n", rule.id, rule.priority,
                   NameOf(rule.verdict), rule.reason);
  }
}

void AppendExternal(std::string& text, const ExternalTrace& external) {
  if (external.verdict == ExternalVerdict::kNotConfigured) return;
  fmt::format_to(std::back_inserter(text), "\nexternal router: {}: {}\n", NameOf(external.verdict),
                 external.reason);
}

}  // namespace

std::string ToText(const QueryExplanation& explanation) {
  auto text = routing::DecisionText(explanation.routing);
  if (explanation.statement) AppendStatement(text, *explanation.statement);
  AppendRules(text, explanation.rules);
  AppendExternal(text, explanation.external);
  text += routing::TracesText(explanation.routing);
  return text;
}

}  // namespace gateway::explain
