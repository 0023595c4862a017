// Asks the facts of one request what rules and conditions want to know.
//
// What is not known fulfils no condition, not even a negated one: a statement that was not
// understood is routed by the rest. What costs (the statement's analysis, reading an address) is
// done once, when it is first asked for.
// Threads: belongs to one decision. Does not allocate.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ip_address.h"
#include "model/policy_index.h"
#include "routing/decision.h"

namespace gateway::routing {

enum class Finding : std::uint8_t { kHolds, kFails, kUnknown };

class FactsReader {
 public:
  // `facts` must outlive the reader.
  explicit FactsReader(const RequestFacts& facts) : facts_(facts) {}

  // Do its rule and all its conditions hold?
  bool Matches(const model::CompiledPolicy& policy);

  bool RuleHolds(const model::CompiledPolicy& policy) const;

  // With its negation.
  Finding Ask(const model::CompiledCondition& condition);

  // What the request belongs to by that key; by its user while it has none.
  std::uint64_t HashOf(model::HashKey key);

  // Null: no statement, or it was not understood.
  const QueryFacts* Query();

 private:
  Finding AskPlain(const model::CompiledCondition& condition);
  Finding AskAddress(const model::CompiledCondition& condition);
  Finding AskHeader(const model::CompiledCondition& condition) const;
  Finding AskSessionProperty(const model::CompiledCondition& condition) const;
  Finding AskCatalog(const model::CompiledCondition& condition);
  Finding AskSchema(const model::CompiledCondition& condition);

  const RequestFacts& facts_;
  std::optional<std::optional<IpAddress>> address_;
  std::optional<const QueryFacts*> query_;
};

// Without its port: "gw:8080" -> "gw", "[::1]:8080" -> "[::1]".
std::string_view WithoutPort(std::string_view host);

}  // namespace gateway::routing
