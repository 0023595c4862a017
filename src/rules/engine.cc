#include "rules/engine.h"

#include <utility>

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

Awaitable<Expected<Decision>> Engine::Decide(Facts& facts, const Groups& groups) {
  Decision decision;
  runner_.Ask(facts, groups, decision);
  if (router_ && !decision.final()) {
    if (auto asked = co_await router_->Ask(facts, groups, decision); !asked) {
      co_return std::unexpected(std::move(asked).error());
    }
  }
  co_return decision;
}

}  // namespace gateway::rules
