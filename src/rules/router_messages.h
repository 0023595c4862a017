// What the gateway and an external router say to each other, as JSON.
//
// The schema is that of trino-gateway's EXTERNAL routing rules, so that services written for it
// work here. Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "rules/facts.h"

namespace gateway::rules {

struct RouterAnswer {
  std::string group;                // empty: the router leaves it to the gateway
  std::vector<std::string> errors;  // why the query should not run
  std::vector<std::pair<std::string, std::string>> headers;  // to set; not checked yet

  bool operator==(const RouterAnswer&) const = default;
};

// The body of the request. `with_statement` adds trinoQueryProperties (with the SQL text) and
// trinoRequestUser, as requestAnalyzerConfig.analyzeRequest does there.
std::string RouterRequestJson(Facts& facts, bool with_statement);

// kProtocol: not JSON, or not of that schema. Members that are not known are passed over.
Expected<RouterAnswer> ParseRouterAnswer(std::string_view body);

}  // namespace gateway::rules
