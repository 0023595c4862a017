// Trino's request and response headers, in both spellings: X-Trino-* and PrestoDB's X-Presto-*.
//
// Threads: pure functions. Source: Trino client protocol, "Client request headers".
#pragma once

#include <cstdint>
#include <string_view>

namespace gateway::protocol {

enum class TrinoHeader : std::uint8_t {
  kNone,
  kUser,
  kSource,
  kClientTags,
  kClientInfo,
  kTraceToken,
  kCatalog,  // the default one of the session
  kSchema,
  kRoutingGroup,
  kConnectionProperties,
  kPreparedStatement,     // X-Trino-Prepared-Statement, request; may repeat
  kTransactionId,         // X-Trino-Transaction-Id, request
  kStartedTransactionId,  // X-Trino-Started-Transaction-Id, response
  kClearTransactionId,    // X-Trino-Clear-Transaction-Id, response
  kQueryDataEncoding,     // asks for spooled results
};

// Which header `name` is, whatever its case and dialect; kNone for all others.
// Cost: one comparison for names that do not begin with "X-".
TrinoHeader Recognise(std::string_view name);

// Whose spelling a header has: any that begins with X-Trino- or X-Presto-.
enum class Dialect : std::uint8_t { kNone, kTrino, kPresto };
Dialect DialectOf(std::string_view name);
// What of `name` the dialects have in common, "Extra-Credential"; a view of it. All of other names.
std::string_view WithoutDialect(std::string_view name);

// Are both one header, whatever their case and dialect?
bool IsSameHeader(std::string_view a, std::string_view b);

}  // namespace gateway::protocol
