// What rules and the external router answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/configuration.h"

namespace gateway::rules {

struct Decision {
  std::vector<std::string> groups;           // best first; empty: policies decide
  std::vector<model::HeaderAction> headers;  // applied in this order
  std::string source;                        // replaces X-Trino-Source; empty: as it is
  std::string reject;                        // not empty: refused, and the client prints this
  std::string trace;                         // "rule etl -> adhoc; external router -> bi"

  // Is nobody else to be asked?
  bool final() const { return !groups.empty() || !reject.empty(); }
  void Note(std::string_view text);
};

inline constexpr std::size_t kMaxGroups = 32;
inline constexpr std::size_t kMaxHeaderActions = 64;
inline constexpr std::size_t kMaxMessageBytes = 4096;  // of a reason to refuse

// Checks what came from outside before it gets anywhere near a request's head: `name` is a token
// and not a field that frames the message or that the gateway itself sets; `value` has no control
// characters. kInvalidArgument: the message names the field and the reason.
Expected<void> CheckHeaderAction(std::string_view name, const std::string* value);

}  // namespace gateway::rules
