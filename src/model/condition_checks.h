// What is refused of a new condition although it compiles: values that no request can ever have.
//
// Apart from CompiledCondition, which takes whatever is stored: of an older version, say.
// Threads: pure functions.
#pragma once

#include "base/error.h"
#include "model/configuration.h"

namespace gateway::model {

// For a condition that compiles. kInvalidArgument: names the value, and what is allowed.
Expected<void> CheckCanHold(const Condition& condition);

}  // namespace gateway::model
