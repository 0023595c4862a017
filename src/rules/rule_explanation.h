// What each rule makes of a described statement.
//
// Scripts run in their sandbox as for a query, and their answers count as there; but nothing is
// logged or counted, and what is in force is not touched. Threads: pure but for the facts'
// callbacks. Cost: compiles the scripts, so it is for people, not for each query.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "rules/decision.h"
#include "rules/facts.h"
#include "rules/rule_book.h"

namespace gateway::rules {

enum class RuleVerdict : std::uint8_t {
  kDecides,  // names a group that is there
  kRejects,
  kPasses,    // leaves it to the next one; may change headers
  kFails,     // ends with an error or goes over a limit: passed over
  kNotAsked,  // one before it decided, or nobody needs to
  kDisabled,
};

struct RuleTrace {
  std::string id;
  int priority = 0;
  RuleVerdict verdict = RuleVerdict::kNotAsked;
  std::string reason;  // for people; never empty
};

std::string_view NameOf(RuleVerdict verdict);  // "decides", "not_asked"

// One trace for each of `rules`, in the order in which they are asked; adds to `decision` what they
// say.
std::vector<RuleTrace> ExplainRules(const RuleSet& rules,
                                    const Clock& clock,
                                    Facts& facts,
                                    const Groups& groups,
                                    Decision& decision);

}  // namespace gateway::rules
