#include "rules/rule_book.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "rules/lua_state.h"
#include "rules/sample_facts.h"

namespace gateway::rules {
namespace {

Expected<void> CheckIds(const std::vector<Rule>& rules) {
  for (auto rule = rules.begin(); rule != rules.end(); ++rule) {
    if (!IsValidId(rule->id)) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("rule id '{}': needed are {}", rule->id, kIdRule));
    }
    if (std::any_of(rules.begin(), rule, [&](const Rule& r) { return r.id == rule->id; })) {
      return Fail(ErrorCode::kInvalidArgument, fmt::format("two rules have the id '{}'", rule->id));
    }
  }
  return {};
}

bool IsAskedBefore(const Rule& a, const Rule& b) {
  return a.priority != b.priority ? a.priority > b.priority : a.id < b.id;
}

}  // namespace

bool Rule::operator==(const Rule& other) const {
  const auto tie = [](const Rule& rule) {
    return std::tie(rule.id, rule.file, rule.source, rule.priority, rule.limits.instructions,
                    rule.limits.memory_bytes, rule.limits.time, rule.text);
  };
  return tie(*this) == tie(other);
}

Expected<void> Validate(const Rule& rule, const Clock& clock) {
  if (rule.source.size() > model::kMaxScriptBytes) {
    return Fail(ErrorCode::kTooLarge,
                fmt::format("{}: larger than {} bytes", rule.file, model::kMaxScriptBytes));
  }
  LuaState state(clock);
  const auto script = state.Compile(rule.source, rule.file);
  if (!script) return std::unexpected(script.error());
  for (const bool full : {true, false}) {
    SampleFacts facts(full);
    const SampleGroups groups;
    const auto decision = state.Run(*script, rule.limits, facts, groups, rule.text);
    if (decision) continue;
    auto error = decision.error();
    if (!error.message.starts_with(rule.file)) error.message = rule.file + ": " + error.message;
    error.message += full ? " (when tried with a sample request)"
                          : " (when tried with a request that has no headers but the user's)";
    return std::unexpected(std::move(error));
  }
  return {};
}

RuleBook::RuleBook(const Clock& clock)
    : clock_(clock), current_(std::make_shared<const RuleSet>()) {}

Rule RuleOf(const model::Rule& declared) {
  Rule rule{.id = declared.id,
            .file = declared.file.empty() ? "rule " + declared.id : declared.file,
            .source = declared.script,
            .priority = declared.priority,
            .text = declared.text};
  rule.limits.instructions = declared.instructions;
  rule.limits.memory_bytes = declared.memory_bytes;
  return rule;
}

std::vector<Rule> RulesOf(const std::vector<model::Rule>& declared) {
  std::vector<Rule> rules;
  for (const auto& rule : declared) {
    if (rule.enabled) rules.push_back(RuleOf(rule));
  }
  return rules;
}

Expected<void> RuleBook::ReplaceFile(std::vector<Rule> rules) {
  return Replace(std::move(rules), file_);
}

Expected<void> RuleBook::ReplaceStored(std::vector<Rule> rules) {
  return Replace(std::move(rules), stored_);
}

Expected<void> RuleBook::Replace(std::vector<Rule> rules, std::vector<Rule>& part) {
  if (auto checked = CheckIds(rules); !checked) return checked;
  for (const auto& rule : rules) {
    if (auto valid = Validate(rule, clock_); !valid) return valid;
  }
  const std::lock_guard lock(mutex_);
  part = std::move(rules);
  auto merged = file_;
  std::ranges::copy_if(stored_, std::back_inserter(merged), [this](const Rule& rule) {
    return std::ranges::find(file_, rule.id, &Rule::id) == file_.end();
  });
  std::ranges::sort(merged, IsAskedBefore);
  current_ = std::make_shared<const RuleSet>(std::move(merged));
  version_.fetch_add(1, std::memory_order_release);
  return {};
}

std::shared_ptr<const RuleSet> RuleBook::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

}  // namespace gateway::rules
