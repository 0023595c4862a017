// What an answer of a rule adds to the decision. The one place where that is written down: workers
// and explanations go by it.
//
// Threads: pure function.
#pragma once

#include "rules/decision.h"
#include "rules/facts.h"
#include "rules/rule_book.h"

namespace gateway::rules {

// Header changes and source are taken in any case, a rejection before groups, and of groups those
// that are there.
void TakeAnswer(const Rule& rule, Decision answer, const Groups& groups, Decision& decision);

// It failed, so the next one is asked.
void TakeFailure(const Rule& rule, Decision& decision);

}  // namespace gateway::rules
