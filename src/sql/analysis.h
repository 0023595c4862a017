// What a statement does and what it touches, told from its text: for routing, not for execution.
//
// A hand-written lexer and recursive-descent parser of Trino's grammar (version 476) reads the
// text once, from left to right. It refuses nothing: what it cannot read, or what nests too deep,
// is "unknown", and the caller goes by the rest of the request.
// Threads: pure; an Analysis belongs to one thread at a time.
// Cost: linear in the text; no allocation for statements of common size when the Analysis has been
// used before, but for what an EXECUTE gives to parameters.
// Source: Trino's SqlBase.g4 and AstBuilder; names of classes as trino-gateway reports them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/names.h"
#include "sql/statement_class.h"

namespace gateway::sql {

// What of the client's session gives a statement its meaning.
struct Session {
  std::optional<std::string_view> catalog;  // X-Trino-Catalog; nothing: no such header
  std::optional<std::string_view> schema;   // X-Trino-Schema
  // The text of the prepared statement of exactly that name, nothing if there is none. Called at
  // most once, and only for EXECUTE, so that others do not pay for decoding. May be empty.
  std::function<std::optional<std::string>(std::string_view name)> prepared;
};

enum class Outcome : std::uint8_t {
  kOk,
  kEmpty,            // no text
  kSyntaxError,      // not a statement that Trino 476 accepts
  kTooDeep,          // nests deeper than is read
  kUnresolved,       // a name needs a default catalog or schema that the session lacks, or has too
                     // many parts; all else is known
  kUnknownPrepared,  // EXECUTE of a name that the session lacks
  kUnknownTarget,    // a CALL of kill_query whose target is no literal, nor a parameter that an
                     // EXECUTE gives one to; all else is known
};

// "ok", "syntax_error". Static storage.
std::string_view NameOf(Outcome outcome);

// All views hold until the Analysis is used again or goes, as long as the text analysed lives too.
// The Analysis may be moved.
struct Analysis {
  Outcome outcome = Outcome::kEmpty;

  // The statement as sent, kUnknown where it has a syntax error: kExecute for an EXECUTE.
  StatementClass statement = StatementClass::kUnknown;
  // The statement that was analysed in the end: that behind an EXECUTE or EXECUTE IMMEDIATE.
  StatementClass query_type = StatementClass::kUnknown;
  // Of query_type; EXPLAIN ANALYZE has that of the statement it runs.
  Category category = Category::kNone;
  // Nothing where it cannot be told: nothing analysed, or an EXECUTE inside something else.
  std::optional<bool> read_only;

  // The name in PREPARE, EXECUTE, DEALLOCATE PREPARE, DESCRIBE INPUT and DESCRIBE OUTPUT, its case
  // kept; nothing in other statements.
  std::optional<std::string_view> prepared_name;
  // The text of the statement that was analysed in the end.
  std::string_view body;

  // Does the text go by Trino's grammar? For EXECUTE: also the text behind it.
  bool syntax_ok() const {
    return outcome != Outcome::kEmpty && outcome != Outcome::kSyntaxError &&
           outcome != Outcome::kTooDeep;
  }

  // Every table, view and materialized view that the statement names, to read or to change it,
  // with defaults filled in; not the names that WITH gives to queries, nor functions.
  const std::vector<TableName>& tables() const { return names.tables(); }
  // Every schema: those of tables, and those that a statement about schemas names.
  const std::vector<SchemaName>& schemas() const { return names.schemas(); }
  // Every catalog: those of tables and schemas, and those that a statement about catalogs names.
  const std::vector<std::string_view>& catalogs() const { return names.catalogs(); }

  // The query that a CALL of system.runtime.kill_query ends: its argument `query_id`, else its
  // first one. Nothing in other statements.
  std::optional<std::string_view> kill_target;

  // What the views above point to, and scratch memory.
  Names names;
  std::vector<std::string_view> parts;
};

// Analyses `sql`, the body of a submission, into `analysis`, whose memory is used again.
void Analyze(std::string_view sql, const Session& session, Analysis& analysis);
Analysis Analyze(std::string_view sql, const Session& session);

}  // namespace gateway::sql
