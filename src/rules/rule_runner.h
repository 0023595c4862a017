// Asks the Lua rules in force about one submission, on one worker.
//
// A rule that fails is logged and counted, and the next one is asked: a mistake in a script must
// not stop queries. Its state is rebuilt when the rule went over a limit. All rules together take
// kRulesTime at most for a submission; those that are left then fail.
// Threads: one worker. Memory: one Lua state. Cost: under 3 us for a rule of a few lines.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "rules/decision.h"
#include "rules/facts.h"
#include "rules/lua_state.h"
#include "rules/rule_book.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace gateway::rules {

class RuleRunner {
 public:
  // All must outlive the runner.
  RuleRunner(const RuleBook& book,
             const Clock& clock,
             telemetry::Logger& logger,
             telemetry::Metrics& metrics);
  ~RuleRunner();

  // Are there any rules? Takes over a new set.
  bool empty();

  // However many rules there are, a worker must get back to its other clients.
  static constexpr std::chrono::milliseconds kRulesTime{250};

  // Adds to `decision` what the rules say, in their order, until one is final.
  void Ask(Facts& facts, const Groups& groups, Decision& decision);

 private:
  void TakeOver();
  void Rebuild();
  Expected<Decision> Run(std::size_t index,
                         Clock::TimePoint deadline,
                         Facts& facts,
                         const Groups& groups);
  void Report(std::size_t index, const Error& error);

  const RuleBook& book_;
  const Clock& clock_;
  telemetry::Logger& logger_;
  telemetry::Metrics& metrics_;
  std::uint64_t version_ = 0;
  std::shared_ptr<const RuleSet> rules_;
  std::unique_ptr<LuaState> state_;            // null while there are no rules
  std::vector<LuaState::Script> scripts_;      // one for each rule
  std::vector<Clock::TimePoint> quiet_until_;  // of each rule's failures in the log
};

}  // namespace gateway::rules
