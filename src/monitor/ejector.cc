#include "monitor/ejector.h"

#include <utility>

namespace gateway::monitor {

std::vector<Ejector::Change> Ejector::Judge(const model::Snapshot& snapshot,
                                            RuleOf rule_of,
                                            Clock::TimePoint now) {
  std::vector<Change> changes;
  Readmit(now, changes);
  Note(snapshot, rule_of, now);
  for (const auto& group : snapshot.groups()) JudgeGroup(group, rule_of, now, changes);
  return changes;
}

void Ejector::Readmit(Clock::TimePoint now, std::vector<Change>& changes) {
  for (auto& [id, record] : records_) {
    if (!record.ejected || now < record.until) continue;
    record = Record();
    changes.push_back({id, ""});
  }
}

// Takes the counters over; forgets backends that are not declared any more.
void Ejector::Note(const model::Snapshot& snapshot, RuleOf rule_of, Clock::TimePoint now) {
  if (records_.size() > snapshot.backends().size()) {
    std::erase_if(records_, [&](const auto& entry) { return !snapshot.FindBackend(entry.first); });
  }
  for (const auto& state : snapshot.backends()) {
    const auto& counters = *state->counters;
    records_[state->backend.id].times.Note(
        counters.answers.load(std::memory_order_relaxed),
        std::chrono::microseconds(counters.answer_micros.load(std::memory_order_relaxed)),
        rule_of(state->backend.id), now);
  }
}

void Ejector::JudgeGroup(const model::GroupState& group,
                         RuleOf rule_of,
                         Clock::TimePoint now,
                         std::vector<Change>& changes) {
  std::vector<LatencyMember> members;
  std::vector<std::string_view> ids;
  for (const auto* state : group.members) {
    const auto& id = state->backend.id;
    const auto& record = records_.find(id)->second;
    const bool usable = state->backend.enabled && !state->backend.draining;
    if (!state->Up() && !(record.ejected && usable)) continue;
    const auto& rule = rule_of(id);
    members.push_back({&rule, record.times.Average(rule, now), record.ejected});
    ids.push_back(id);
  }
  for (auto& slow : FindSlow(members)) {
    auto& record = records_.find(ids[slow.index])->second;
    record.ejected = true;
    record.until = now + members[slow.index].rule->eject_for;
    changes.push_back({std::string(ids[slow.index]), std::move(slow.reason)});
  }
}

}  // namespace gateway::monitor
