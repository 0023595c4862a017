#include "app/analyze_sql_command.h"

#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/error.h"
#include "base/strings.h"
#include "sql/analysis.h"

namespace gateway::app {
namespace {

namespace json = boost::json;

// A text field; nothing where it is absent or null. kInvalidArgument: it is something else.
Expected<std::optional<std::string_view>> TextOf(const json::object& line, std::string_view field) {
  const auto* value = line.if_contains(field);
  if (value == nullptr || value->is_null()) return std::nullopt;
  const auto* text = value->if_string();
  if (text == nullptr) {
    return Fail(ErrorCode::kInvalidArgument, std::string(field) + " must be a string");
  }
  return std::string_view(*text);
}

json::value NullOr(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::value NullOr(const std::optional<std::string_view>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}

json::array Parts(const sql::TableName& name) {
  json::array parts{name.catalog, name.schema, name.table};
  for (const auto part : SplitList(name.excess, '.')) parts.emplace_back(part);
  return parts;
}

json::object DescribeAll(const sql::Analysis& analysis, std::string_view sql) {
  json::array tables;
  json::array catalogs;
  json::array schemas;
  json::array catalog_schemas;
  for (const auto& name : analysis.tables()) tables.push_back(Parts(name));
  for (const auto catalog : analysis.catalogs()) catalogs.emplace_back(catalog);
  for (const auto& name : analysis.schemas()) {
    schemas.emplace_back(name.schema);
    catalog_schemas.emplace_back(std::string(name.catalog) + '.' + std::string(name.schema));
  }
  json::object answer{
      {"outcome", sql::NameOf(analysis.outcome)},
      {"syntaxOk", analysis.syntax_ok()},
      {"statement", NullOr(sql::NameOf(analysis.statement))},
      {"preparedName", NullOr(analysis.prepared_name)},
      {"queryType", sql::NameOf(analysis.query_type)},
      {"resourceGroupQueryType", sql::NameOf(analysis.category)},
      {"readOnly", analysis.read_only ? json::value(*analysis.read_only) : json::value(nullptr)},
      {"tables", tables},
      {"allTables", std::move(tables)},
      {"catalogs", std::move(catalogs)},
      {"schemas", std::move(schemas)},
      {"catalogSchemas", std::move(catalog_schemas)},
      {"queryId", NullOr(analysis.kill_target)},
  };
  if (analysis.body != sql) answer["body"] = analysis.body;
  return answer;
}

// As the corpus of tests/sql has it: of a kill whose target is no literal nothing more is said.
json::object Describe(const sql::Analysis& analysis, std::string_view sql) {
  if (analysis.outcome != sql::Outcome::kUnknownTarget) return DescribeAll(analysis, sql);
  sql::Analysis bare;
  bare.outcome = analysis.outcome;
  bare.statement = analysis.statement;
  bare.prepared_name = analysis.prepared_name;
  bare.body = analysis.body;
  return DescribeAll(bare, sql);
}

std::optional<std::string> Prepared(const json::object* statements, std::string_view name) {
  const auto* text = statements == nullptr ? nullptr : statements->if_contains(name);
  if (text == nullptr || !text->is_string()) return std::nullopt;
  return std::string(text->get_string());
}

Expected<json::object> Answer(const json::object& line, sql::Analysis& analysis) {
  const auto sql = TextOf(line, "sql");
  const auto catalog = TextOf(line, "catalog");
  const auto schema = TextOf(line, "schema");
  for (const auto* field : {&sql, &catalog, &schema}) {
    if (!*field) return std::unexpected(field->error());
  }
  const auto text = sql.value_or(std::nullopt);
  if (!text) return Fail(ErrorCode::kInvalidArgument, "sql is missing");
  const auto* prepared = line.if_contains("prepared");
  const auto* statements = prepared == nullptr ? nullptr : prepared->if_object();
  if (prepared != nullptr && !prepared->is_null() && statements == nullptr) {
    return Fail(ErrorCode::kInvalidArgument, "prepared must be an object of names and texts");
  }
  const sql::Session session{
      .catalog = *catalog,
      .schema = *schema,
      .prepared = [statements](std::string_view name) { return Prepared(statements, name); },
  };
  sql::Analyze(*text, session, analysis);
  return Describe(analysis, *text);
}

json::object AnswerLine(const std::string& text, sql::Analysis& analysis) {
  boost::system::error_code error;
  const auto value = json::parse(text, error);
  if (error) return {{"error", "not JSON: " + error.message()}};
  const auto* line = value.if_object();
  if (line == nullptr) return {{"error", "not a JSON object"}};
  auto answer = Answer(*line, analysis);
  json::object result =
      answer ? std::move(*answer) : json::object{{"error", answer.error().message}};
  if (const auto* id = line->if_contains("id")) result["id"] = *id;
  return result;
}

}  // namespace

void AnalyzeSql(std::istream& in, std::ostream& out) {
  sql::Analysis analysis;
  for (std::string text; std::getline(in, text);) {
    if (Trim(text).empty()) continue;
    out << json::serialize(AnswerLine(text, analysis)) << '\n';
  }
  out.flush();
}

}  // namespace gateway::app
