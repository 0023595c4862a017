#include "monitor/ejector.h"

#include <utility>

namespace gateway::monitor {

std::vector<Ejector::Change> Ejector::Judge(const model::Snapshot& snapshot,
                                            RuleOf rule_of,
                                            Clock::TimePoint now) {
  std::erase_if(times_, [&](const auto& entry) { return !snapshot.FindBackend(entry.first); });
  Round round{snapshot, rule_of, now, Shares(snapshot, out_)};
  const auto percent_of = [&](std::string_view id) { return rule_of(id).max_ejected_percent; };
  for (const auto& id : out_.EndDue(snapshot, now, percent_of, round.shares)) {
    times_[id].Restart();
    round.changes.push_back({id, ""});
  }
  Note(round);
  for (const auto& group : snapshot.groups()) JudgeGroup(group, round);
  return std::move(round.changes);
}

void Ejector::Note(const Round& round) {
  for (const auto& state : round.snapshot.backends()) {
    const auto& counters = *state->counters;
    times_[state->backend.id].Note(
        counters.answers.load(std::memory_order_relaxed),
        std::chrono::microseconds(counters.answer_micros.load(std::memory_order_relaxed)),
        round.rule_of(state->backend.id), round.now);
  }
}

void Ejector::JudgeGroup(const model::GroupState& group, Round& round) {
  std::vector<LatencyMember> members;
  std::vector<std::string_view> ids;
  for (const auto* state : group.members) {
    const auto& id = state->backend.id;
    if (!out_.WouldBeUp(*state)) continue;
    const auto& rule = round.rule_of(id);
    const bool needed = !round.shares.Keep(id, rule.max_ejected_percent, 1);
    members.push_back(
        {&rule, times_.find(id)->second.Average(rule, round.now), out_.Has(id), needed});
    ids.push_back(id);
  }
  for (auto& slow : FindSlow(members)) {
    const auto id = ids[slow.index];
    const auto& rule = *members[slow.index].rule;
    // One that was just taken out here may have been in another group of this one.
    if (!round.shares.Keep(id, rule.max_ejected_percent, 1)) continue;
    out_.Begin(id, round.now, rule.eject_for, round.shares);
    round.changes.push_back({std::string(id), std::move(slow.reason)});
  }
}

}  // namespace gateway::monitor
