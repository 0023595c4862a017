#include "explain/external_question.h"

#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "http/asio.h"
#include "http/deadlines.h"
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
    http::asio::co_spawn(io_, deadlines_.Run(), [](const std::exception_ptr&) {});
    http::asio::co_spawn(io_, router_.Ask(facts, groups, answer_),
                         [this](const std::exception_ptr& failure, Expected<void> asked) {
                           if (failure) {
                             failure_ = failure;
                           } else {
                             result_ = std::move(asked);
                           }
                           deadlines_.Stop();
                         });
    // Not until there is nothing left to do: that may be a lookup of which nobody wants the answer.
    while (!result_ && !failure_ && io_.run_one() > 0) continue;
    if (failure_) std::rethrow_exception(failure_);
    if (!result_) {
      return Fail(ErrorCode::kTimeout, "the external router gave no answer in time",
                  Origin::kBackend);
    }
    decision = std::move(answer_);
    return *std::move(result_);
  }

  rules::Decision answer_;  // begins with what rules said

 private:
  static rules::ExternalRouterOptions Uncached(rules::ExternalRouterOptions options) {
    options.cache_key.clear();
    return options;
  }

  const SystemClock clock_;
  std::optional<Expected<void>> result_;  // before the loop, whose end may still set these
  std::exception_ptr failure_;
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
