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

}  // namespace gateway::protocol
