#include "rules/rule_explanation.h"

#include <utility>

#include <fmt/format.h>

#include "rules/lua_state.h"
#include "rules/rule_answer.h"

namespace gateway::rules {
namespace {

std::string Changes(const Decision& answer) {
  std::string text;
  if (!answer.headers.empty()) {
    text += fmt::format("; changes {} header{}", answer.headers.size(),
                        answer.headers.size() == 1 ? "" : "s");
  }
  if (!answer.source.empty()) text += fmt::format("; source becomes {}", answer.source);
  return text;
}

// What TakeAnswer() makes of it, said of this rule alone.
void Judge(const Decision& answer, const Groups& groups, RuleTrace& trace) {
  trace.verdict = RuleVerdict::kPasses;
  if (!answer.reject.empty()) {
    trace.verdict = RuleVerdict::kRejects;
    trace.reason = "rejects the statement: " + answer.reject;
  } else if (answer.groups.empty()) {
    trace.reason = "names no group";
  } else {
    std::vector<std::string_view> there;
    std::vector<std::string_view> missing;
    for (const auto& id : answer.groups) (groups.Find(id) ? there : missing).push_back(id);
    if (!there.empty()) {
      trace.verdict = RuleVerdict::kDecides;
      trace.reason = fmt::format("leads to {}", fmt::join(there, ", "));
    }
    if (!missing.empty()) {
      trace.reason +=
          fmt::format("{}names {}, which {} not there or disabled", there.empty() ? "" : "; ",
                      fmt::join(missing, ", "), missing.size() == 1 ? "is" : "are");
    }
  }
  trace.reason += Changes(answer);
}

// A state for each rule, so that one that went over a limit leaves nothing to the next.
RuleTrace Ask(
    const Rule& rule, const Clock& clock, Facts& facts, const Groups& groups, Decision& decision) {
  RuleTrace trace{.id = rule.id, .priority = rule.priority};
  LuaState state(clock);
  const auto script = state.Compile(rule.source, rule.file);
  auto answer = script ? state.Run(*script, rule.limits, facts, groups, rule.text)
                       : Expected<Decision>(std::unexpected(script.error()));
  if (!answer) {
    trace.verdict = RuleVerdict::kFails;
    trace.reason = answer.error().message;
    TakeFailure(rule, decision);
    return trace;
  }
  Judge(*answer, groups, trace);
  TakeAnswer(rule, *std::move(answer), groups, decision);
  return trace;
}

}  // namespace

std::string_view NameOf(RuleVerdict verdict) {
  switch (verdict) {
    case RuleVerdict::kDecides:
      return "decides";
    case RuleVerdict::kRejects:
      return "rejects";
    case RuleVerdict::kPasses:
      return "passes";
    case RuleVerdict::kFails:
      return "fails";
    case RuleVerdict::kNotAsked:
      return "not_asked";
    case RuleVerdict::kDisabled:
      return "disabled";
  }
  return "";
}

std::vector<RuleTrace> ExplainRules(const RuleSet& rules,
                                    const Clock& clock,
                                    Facts& facts,
                                    const Groups& groups,
                                    Decision& decision) {
  std::vector<RuleTrace> traces;
  std::string decided;
  for (const auto& rule : rules) {
    if (decision.final()) {
      traces.push_back({rule.id, rule.priority, RuleVerdict::kNotAsked,
                        fmt::format("{} decides before it", decided)});
      continue;
    }
    traces.push_back(Ask(rule, clock, facts, groups, decision));
    if (decision.final()) decided = rule.id;
  }
  return traces;
}

}  // namespace gateway::rules
