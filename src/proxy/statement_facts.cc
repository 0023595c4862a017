#include "proxy/statement_facts.h"

#include <algorithm>
#include <array>

#include "base/ranges.h"
#include "protocol/headers.h"
#include "protocol/prepared_statements.h"
#include "sql/lexer.h"

namespace gateway::proxy {
namespace {

std::optional<std::string_view> Sent(std::string_view header) {
  return header.empty() ? std::nullopt : std::optional(header);
}

// Fills `into` without giving its memory back.
template <typename Range, typename ToText>
void Write(const Range& names, std::vector<std::string>& into, ToText to_text) {
  into.resize(std::ranges::size(names));
  std::size_t at = 0;
  for (const auto& name : names) to_text(name, into[at++]);
}

void Join(std::initializer_list<std::string_view> parts, std::string& into) {
  into.clear();
  for (const auto part : parts) {
    if (!into.empty()) into += '.';
    into += part;
  }
}

}  // namespace

const routing::QueryFacts* StatementFacts::Query() {
  if (!text_) return nullptr;
  Analyze();
  return scratch_.analysis.syntax_ok() ? &scratch_.facts : nullptr;
}

std::optional<std::string_view> StatementFacts::KillTarget() {
  if (!text_ || !MayKill()) return std::nullopt;
  Analyze();
  // EXPLAIN and PREPARE of such a call kill nothing.
  const bool calls = scratch_.analysis.query_type == sql::StatementClass::kCall;
  return calls ? scratch_.analysis.kill_target : std::nullopt;
}

// What EXECUTE runs may be compressed, or have its letters escaped, so only the first token counts.
bool StatementFacts::MayKill() const {
  const auto first = sql::Lexer(*text_).Next().kind;
  return first == sql::Keyword::kCall || first == sql::Keyword::kExecute;
}

// The catalogs and schemas of functions, procedures, USE and the like count for policies, too.
void StatementFacts::WriteTouched(const sql::Names& names) {
  std::string schema;
  for (const auto catalog : names.touched_catalogs()) {
    if (!Contains(scratch_.catalogs, catalog)) scratch_.catalogs.emplace_back(catalog);
  }
  for (const auto& name : names.touched_schemas()) {
    Join({name.catalog, name.schema}, schema);
    if (!Contains(scratch_.schemas, schema)) scratch_.schemas.push_back(schema);
  }
}

void StatementFacts::Analyze() {
  if (analyzed_) return;
  analyzed_ = true;
  sql::Session session;
  session.catalog = Sent(request_.catalog);
  session.schema = Sent(request_.schema);
  session.prepared = [this](std::string_view name) {
    return protocol::FindPreparedStatement(request_.prepared_statements, name);
  };
  auto& analysis = scratch_.analysis;
  sql::Analyze(*text_, session, analysis);
  Write(analysis.catalogs(), scratch_.catalogs,
        [](std::string_view name, std::string& text) { text = name; });
  Write(analysis.schemas(), scratch_.schemas, [](const sql::SchemaName& name, std::string& text) {
    Join({name.catalog, name.schema}, text);
  });
  WriteTouched(analysis.names);
  Write(analysis.tables(), scratch_.tables, [](const sql::TableName& name, std::string& text) {
    Join({name.catalog, name.schema, name.table}, text);
  });
  scratch_.facts = {.type = NameOf(analysis.query_type),
                    .category = NameOf(analysis.category),
                    .read_only = analysis.read_only,
                    .catalogs = scratch_.catalogs,
                    .schemas = scratch_.schemas,
                    .tables = scratch_.tables};
}

}  // namespace gateway::proxy
