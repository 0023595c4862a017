#include "protocol/headers.h"

#include <array>

#include "base/strings.h"

namespace gateway::protocol {
namespace {

struct Known {
  std::string_view name;  // after the dialect
  TrinoHeader header;
};

constexpr std::array kKnown = {
    Known{"user", TrinoHeader::kUser},
    Known{"source", TrinoHeader::kSource},
    Known{"client-tags", TrinoHeader::kClientTags},
    Known{"client-info", TrinoHeader::kClientInfo},
    Known{"trace-token", TrinoHeader::kTraceToken},
    Known{"catalog", TrinoHeader::kCatalog},
    Known{"schema", TrinoHeader::kSchema},
    Known{"routing-group", TrinoHeader::kRoutingGroup},
    Known{"connection-properties", TrinoHeader::kConnectionProperties},
    Known{"prepared-statement", TrinoHeader::kPreparedStatement},
    Known{"transaction-id", TrinoHeader::kTransactionId},
    Known{"started-transaction-id", TrinoHeader::kStartedTransactionId},
    Known{"clear-transaction-id", TrinoHeader::kClearTransactionId},
    Known{"query-data-encoding", TrinoHeader::kQueryDataEncoding},
};

}  // namespace

Dialect DialectOf(std::string_view name) {
  if (name.size() < 9 || (name[0] != 'X' && name[0] != 'x') || name[1] != '-') {
    return Dialect::kNone;
  }
  if (EqualsIgnoreCase(name.substr(0, 8), "x-trino-")) return Dialect::kTrino;
  return EqualsIgnoreCase(name.substr(0, 9), "x-presto-") ? Dialect::kPresto : Dialect::kNone;
}

std::string_view WithoutDialect(std::string_view name) {
  const auto dialect = DialectOf(name);
  if (dialect == Dialect::kNone) return name;
  return name.substr(dialect == Dialect::kTrino ? 8 : 9);
}

bool IsSameHeader(std::string_view a, std::string_view b) {
  if (EqualsIgnoreCase(a, b)) return true;
  return DialectOf(a) != Dialect::kNone && DialectOf(b) != Dialect::kNone &&
         EqualsIgnoreCase(WithoutDialect(a), WithoutDialect(b));
}

TrinoHeader Recognise(std::string_view name) {
  if (DialectOf(name) == Dialect::kNone) return TrinoHeader::kNone;
  const auto rest = WithoutDialect(name);
  for (const auto& known : kKnown) {
    if (known.name.size() == rest.size() && EqualsIgnoreCase(known.name, rest)) {
      return known.header;
    }
  }
  return TrinoHeader::kNone;
}

}  // namespace gateway::protocol
