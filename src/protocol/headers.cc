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

TrinoHeader Recognise(std::string_view name) {
  if (name.size() < 12 || (name[0] != 'X' && name[0] != 'x') || name[1] != '-') {
    return TrinoHeader::kNone;
  }
  std::string_view rest;
  if (EqualsIgnoreCase(name.substr(0, 8), "x-trino-")) {
    rest = name.substr(8);
  } else if (EqualsIgnoreCase(name.substr(0, 9), "x-presto-")) {
    rest = name.substr(9);
  } else {
    return TrinoHeader::kNone;
  }
  for (const auto& known : kKnown) {
    if (known.name.size() == rest.size() && EqualsIgnoreCase(known.name, rest)) {
      return known.header;
    }
  }
  return TrinoHeader::kNone;
}

}  // namespace gateway::protocol
