#include "explain/external_question.h"

#include <exception>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "http/asio.h"
#include "http/deadlines.h"
#include "http/own_loop.h"
#include "rules/external_router.h"
#include "telemetry/metrics.h"

namespace gateway::explain {
namespace {

// What must live as long as the loop, in the order in which it is needed. The loop's end waits for
// a lookup that is under way, as nothing can end that.
class Question {
 public:
  Question(const rules::ExternalRouterOptions& options, telemetry::Logger& logger)
      : router_(Uncached(options), io_, deadlines_, logger, metrics_) {}

  Expected<void> Run(rules::Facts& facts, const rules::Groups& groups, rules::Decision& decision) {
    auto asked = http::RunToEnd(io_, deadlines_, router_.Ask(facts, groups, answer_));
    if (!asked) {
      return Fail(ErrorCode::kTimeout, "the external router gave no answer in time",
                  Origin::kBackend);
    }
    decision = std::move(answer_);
    return *std::move(asked);
  }

  rules::Decision answer_;  // begins with what rules said

 private:
  static rules::ExternalRouterOptions Uncached(rules::ExternalRouterOptions options) {
    options.cache_key.clear();
    return options;
  }

  const SystemClock clock_;
  telemetry::Metrics metrics_;  // of nobody: a question of people does not count
  http::asio::io_context io_{1};
  http::Deadlines deadlines_{io_, clock_};
  rules::ExternalRouter router_;
};

}  // namespace

Expected<void> AskExternalRouter(const rules::ExternalRouterOptions& options,
                                 rules::Facts& facts,
                                 const rules::Groups& groups,
                                 telemetry::Logger& logger,
                                 rules::Decision& decision) {
  try {
    Question question(options, logger);
    question.answer_ = decision;
    return question.Run(facts, groups, decision);
  } catch (const std::exception& failure) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("the external router cannot be asked: {}", failure.what()));
  }
}

}  // namespace gateway::explain
