// What decides about a submission before the policies do: Lua rules, then the external router.
//
//   rules by priority, until one names groups or rejects  ->  external router, if there is one
//   ->  (policies, by the caller, when neither decided)
// Threads: one worker. Memory: see RuleRunner and ExternalRouter.
#pragma once

#include <optional>

#include "rules/external_router.h"
#include "rules/rule_runner.h"

namespace gateway::rules {

class Engine {
 public:
  // All must outlive the engine. Without `router` none is asked.
  Engine(const RuleBook& book,
         const std::optional<ExternalRouterOptions>& router,
         http::asio::io_context& io,
         http::Deadlines& deadlines,
         const Clock& clock,
         telemetry::Logger& logger,
         telemetry::Metrics& metrics);

  // Is there nobody to ask? The caller then spares itself the facts.
  bool idle() { return !router_ && runner_.empty(); }

  // Adds to `decision` what rules and router say; neither groups nor a rejection: the policies
  // decide. kUnavailable: no decision can be made now, and `decision` has what rules said. To be
  // awaited in the scope that owns the arguments.
  Awaitable<Expected<void>> Decide(Facts& facts, const Groups& groups, Decision& decision);

  // For stopping; as ExternalRouter::GiveUpLookups().
  void GiveUpLookups();

 private:
  RuleRunner runner_;
  std::optional<ExternalRouter> router_;
};

}  // namespace gateway::rules
