#include "proxy/statement_facts.h"

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "protocol/headers.h"
#include "protocol/prepared_statements.h"

namespace gateway::proxy {
namespace {

constexpr std::string_view kKill = "kill_query";

bool ContainsKill(std::string_view text) {
  constexpr std::string_view kFirst = "kK";
  for (auto at = text.find_first_of(kFirst); at != std::string_view::npos;
       at = text.find_first_of(kFirst, at + 1)) {
    if (EqualsIgnoreCase(text.substr(at, kKill.size()), kKill)) return true;
  }
  return false;
}

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
  return scratch_.analysis.kill_target;
}

bool StatementFacts::MayKill() const {
  if (ContainsKill(*text_)) return true;
  return std::ranges::any_of(request_.prepared_statements, ContainsKill);
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
