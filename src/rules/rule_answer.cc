#include "rules/rule_answer.h"

#include <utility>

#include <fmt/format.h>

namespace gateway::rules {

void TakeAnswer(const Rule& rule, Decision answer, const Groups& groups, Decision& decision) {
  for (auto& header : answer.headers) decision.headers.push_back(std::move(header));
  if (!answer.source.empty()) decision.source = std::move(answer.source);
  if (!answer.reject.empty()) {
    decision.reject = std::move(answer.reject);
    return decision.Note(fmt::format("rule {} rejects", rule.id));
  }
  for (auto& id : answer.groups) {
    if (groups.Find(id)) {
      decision.Note(fmt::format("rule {} -> {}", rule.id, id));
      decision.groups.push_back(std::move(id));
    } else {
      decision.Note(fmt::format("rule {} -> {}, which is not there", rule.id, id));
    }
  }
}

void TakeFailure(const Rule& rule, Decision& decision) {
  decision.Note(fmt::format("rule {} failed", rule.id));
}

}  // namespace gateway::rules
