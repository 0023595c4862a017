#include "rules/rule_runner.h"

#include <algorithm>
#include <utility>

#include "rules/rule_answer.h"

namespace gateway::rules {
namespace {

constexpr std::chrono::seconds kLogInterval{10};

}  // namespace

RuleRunner::RuleRunner(const RuleBook& book,
                       const Clock& clock,
                       telemetry::Logger& logger,
                       telemetry::Metrics& metrics)
    : book_(book),
      clock_(clock),
      logger_(logger),
      metrics_(metrics),
      rules_(std::make_shared<const RuleSet>()) {}

RuleRunner::~RuleRunner() = default;

bool RuleRunner::empty() {
  if (version_ != book_.version()) TakeOver();
  return rules_->empty();
}

void RuleRunner::TakeOver() {
  version_ = book_.version();
  rules_ = book_.current();
  quiet_until_.assign(rules_->size(), Clock::TimePoint::min());
  Rebuild();
}

void RuleRunner::Rebuild() {
  state_.reset();
  scripts_.clear();
  if (rules_->empty()) return;
  state_ = std::make_unique<LuaState>(clock_);
  for (const auto& rule : *rules_) {
    // Cannot fail, since the book compiled it; a script of -1 would run nil and report that.
    scripts_.push_back(state_->Compile(rule.source, rule.file).value_or(-1));
  }
}

void RuleRunner::Ask(Facts& facts, const Groups& groups, Decision& decision) {
  if (empty()) return;
  const auto deadline = clock_.Now() + kRulesTime;
  for (std::size_t i = 0; i < rules_->size() && !decision.final(); ++i) {
    const auto& rule = (*rules_)[i];
    auto answer = Run(i, deadline, facts, groups);
    if (answer) {
      TakeAnswer(rule, *std::move(answer), groups, decision);
      continue;
    }
    Report(i, answer.error());
    TakeFailure(rule, decision);
    if (state_->dirty()) Rebuild();
  }
}

Expected<Decision> RuleRunner::Run(std::size_t index,
                                   Clock::TimePoint deadline,
                                   Facts& facts,
                                   const Groups& groups) {
  const auto& rule = (*rules_)[index];
  const auto left = std::chrono::floor<std::chrono::milliseconds>(deadline - clock_.Now());
  if (left <= std::chrono::milliseconds(0)) {
    return Fail(ErrorCode::kTooLarge, "the rules before it took too much time");
  }
  auto limits = rule.limits;
  limits.time = std::min(limits.time, left);
  return state_->Run(scripts_[index], limits, facts, groups, rule.text);
}

void RuleRunner::Report(std::size_t index, const Error& error) {
  const auto& rule = (*rules_)[index];
  metrics_.RuleFailed(rule.id, NameOf(error.code));
  if (clock_.Now() < quiet_until_[index]) return;
  quiet_until_[index] = clock_.Now() + kLogInterval;
  logger_.Event(telemetry::Level::kWarn, "rule.failed",
                {{"rule", rule.id}, {"reason", error.message}});
}

}  // namespace gateway::rules
