#include "rules/engine.h"

namespace gateway::rules {

Engine::Engine(const RuleBook& book,
               const std::optional<ExternalRouterOptions>& router,
               http::asio::io_context& io,
               http::Deadlines& deadlines,
               const Clock& clock,
               telemetry::Logger& logger,
               telemetry::Metrics& metrics)
    : runner_(book, clock, logger, metrics) {
  if (router) router_.emplace(*router, io, deadlines, logger, metrics);
}

Awaitable<Expected<void>> Engine::Decide(Facts& facts, const Groups& groups, Decision& decision) {
  runner_.Ask(facts, groups, decision);
  if (!router_ || decision.final()) co_return Expected<void>();
  co_return co_await router_->Ask(facts, groups, decision);
}

void Engine::GiveUpLookups() {
  if (router_) router_->GiveUpLookups();
}

}  // namespace gateway::rules
