// Asks the external router about one described query, apart from what workers ask it.
//
// On an event loop of its own on the calling thread, with no cache and no memory of failures: the
// answer is what the service says now. Threads: any that may wait.
#pragma once

#include "base/error.h"
#include "rules/decision.h"
#include "rules/external_router_options.h"
#include "rules/facts.h"
#include "telemetry/logger.h"

namespace gateway::explain {

// Adds to `decision` what it says, or its fallback; as ExternalRouter::Ask(). Waits for the
// router's timeout at most, but where the name service hangs until the system's resolver gives up.
[[nodiscard]] Expected<void> AskExternalRouter(const rules::ExternalRouterOptions& options,
                                               rules::Facts& facts,
                                               const rules::Groups& groups,
                                               telemetry::Logger& logger,
                                               rules::Decision& decision);

}  // namespace gateway::explain
