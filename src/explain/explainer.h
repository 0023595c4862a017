// What the gateway would do with a described query, and why.
//
// By the functions that decide about queries, one after the other as an exchange asks them: the
// analysis of the statement, Lua rules, the external router, placement, policies, strategies. It
// takes no turn, counts nothing and changes nothing. Threads: any; takes one snapshot. Cost: asks
// every rule and policy, and waits for the external router where that is to be asked: not for the
// event loop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "explain/described_query.h"
#include "model/registry.h"
#include "proxy/options.h"
#include "proxy/stickiness.h"
#include "routing/explanation.h"
#include "rules/rule_book.h"
#include "rules/rule_explanation.h"
#include "telemetry/logger.h"

namespace gateway::explain {

// What the statement's text says.
struct StatementTrace {
  std::string outcome;            // "ok", "syntax_error"; "too_large": of more bytes than are kept
  bool understood = false;        // else all below is empty, and it is routed by the rest
  std::string type;               // "Query"
  std::string category;           // "SELECT"
  std::optional<bool> read_only;  // nothing: cannot be told
  std::vector<std::string> catalogs;
  std::vector<std::string> schemas;  // "catalog.schema"
  std::vector<std::string> tables;   // "catalog.schema.table"
  std::string kill_target;           // id of the query that it kills
};

enum class ExternalVerdict : std::uint8_t {
  kNotConfigured,
  kNotNeeded,  // a rule decides before it, or nobody needs to
  kNotAsked,   // a query would ask it; this explanation was not allowed to
  kAsked,
  kFailed,  // and the fallback decides
};
std::string_view NameOf(ExternalVerdict verdict);  // "not_configured"

struct ExternalTrace {
  ExternalVerdict verdict = ExternalVerdict::kNotConfigured;
  std::string reason;  // for people; never empty
};

struct QueryExplanation {
  std::optional<StatementTrace> statement;  // nothing: no text was given
  std::vector<rules::RuleTrace> rules;  // in the order in which they are asked, then disabled ones
  ExternalTrace external;
  routing::Explanation routing;
};

struct ExplainerParts {
  const Clock& clock;
  const model::Registry& registry;
  const rules::RuleBook& rules;
  const proxy::ProxyOptions& proxy;
  proxy::Stickiness& stickiness;
  telemetry::Logger& logger;
};

class Explainer {
 public:
  // The parts must outlive the explainer.
  explicit Explainer(const ExplainerParts& parts) : parts_(parts) {}

  // Errors: those of DescribedHead::Create(). An external router that fails is part of the answer.
  Expected<QueryExplanation> Explain(const DescribedQuery& query) const;

 private:
  const ExplainerParts parts_;
};

// For people: lines of text, the last one ends in a line break.
std::string ToText(const QueryExplanation& explanation);

}  // namespace gateway::explain
