// SQL of any bytes: the analysis must end, point only to memory that it owns or was given, and say
// the same when its result is used a second time.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "sql/analysis.h"

namespace {

using gateway::sql::Analysis;
using gateway::sql::Analyze;
using gateway::sql::Outcome;
using gateway::sql::Session;
using gateway::sql::StatementClass;

void Require(bool holds) {
  if (!holds) std::abort();
}

// Reads every byte that the result points to, so that the sanitizer sees a wrong one.
std::size_t Touch(std::string_view text) {
  std::size_t sum = 0;
  for (const char c : text) sum += static_cast<unsigned char>(c);
  return sum;
}

void CheckNames(const Analysis& analysis) {
  std::size_t sum = Touch(analysis.body);
  for (const auto& name : analysis.tables()) {
    Require(!name.table.empty());
    sum += Touch(name.catalog) + Touch(name.schema) + Touch(name.table) + Touch(name.excess);
  }
  for (const auto& name : analysis.schemas()) sum += Touch(name.catalog) + Touch(name.schema);
  for (const auto catalog : analysis.catalogs()) sum += Touch(catalog);
  if (analysis.prepared_name) sum += Touch(*analysis.prepared_name);
  if (analysis.kill_target) sum += Touch(*analysis.kill_target);
  Require(sum != static_cast<std::size_t>(-1));  // so that it is used
}

void CheckOutcome(const Analysis& analysis) {
  const bool known = analysis.query_type != StatementClass::kUnknown;
  switch (analysis.outcome) {
    case Outcome::kOk:
    case Outcome::kUnresolved:
    case Outcome::kUnknownPrepared:
    case Outcome::kUnknownTarget:
      Require(known);
      break;
    default:
      Require(!known && !analysis.read_only && analysis.tables().empty() &&
              analysis.schemas().empty() && analysis.catalogs().empty());
  }
  if (analysis.kill_target) Require(known);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view sql(reinterpret_cast<const char*>(data), size);
  // A prepared statement `p` is what follows a NUL, so that seeds can be plain SQL.
  const auto behind = sql.find('\0');
  const Session session{
      .catalog = "Catalog",
      .schema = size % 2 == 0 ? std::optional<std::string_view>("schema") : std::nullopt,
      .prepared = [&](std::string_view name) -> std::optional<std::string> {
        if (name != "p" || behind == std::string_view::npos) return std::nullopt;
        return std::string(sql.substr(behind + 1));
      },
  };
  const auto text = sql.substr(0, behind);
  static Analysis used;  // with the memory of all runs before
  Analyze(text, session, used);
  CheckNames(used);
  CheckOutcome(used);
  const auto fresh = Analyze(text, session);
  Require(fresh.outcome == used.outcome && fresh.query_type == used.query_type &&
          fresh.category == used.category && fresh.tables() == used.tables() &&
          fresh.schemas() == used.schemas() && fresh.catalogs() == used.catalogs() &&
          fresh.kill_target == used.kill_target && fresh.prepared_name == used.prepared_name);
  return 0;
}
