#include "monitor/error_ejector.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace gateway::monitor {
namespace {

constexpr std::chrono::seconds kOutage{2};
constexpr int kMostTimes = 10;  // of eject_for, that a backend is out which fails each trial

// The snapshot does not have it back yet.
bool IsLetIn(std::string_view id, const std::vector<EjectionChange>& changes) {
  return std::ranges::any_of(changes, [&](const auto& change) { return change.backend_id == id; });
}

}  // namespace

std::vector<ErrorEjector::Change> ErrorEjector::Judge(const model::Snapshot& snapshot,
                                                      RuleOf rule_of,
                                                      Clock::TimePoint now) {
  std::erase_if(records_, [&](const auto& entry) { return !snapshot.FindBackend(entry.first); });
  Round round{snapshot, rule_of, now, Shares(snapshot, out_)};
  const auto percent_of = [&](std::string_view id) { return rule_of(id).max_ejected_percent; };
  for (const auto& id : out_.EndDue(snapshot, now, percent_of, round.shares)) LetIn(id, round);
  EjectFailing(round);
  return std::move(round.changes);
}

// What was under way when it was ejected says nothing about how it does now.
void ErrorEjector::LetIn(const std::string& id, Round& round) {
  auto& record = records_[id];
  auto& counters = *round.snapshot.FindBackend(id)->counters;
  counters.errors_in_row = 0;
  record.answers = counters.answers;
  record.on_trial = true;
  record.down_since.reset();  // by its time out, which is no outage
  round.changes.push_back({id, ""});
}

void ErrorEjector::EjectFailing(Round& round) {
  for (const auto& state : round.snapshot.backends()) {
    const auto& id = state->backend.id;
    auto& record = records_[id];
    if (IsLetIn(id, round.changes)) continue;
    if (!IsUp(*state, record, round.now) || !round.shares.IsMember(id)) continue;
    const auto& rule = round.rule_of(id);
    if (!Fails(*state, rule, record)) continue;
    if (round.shares.Keep(id, rule.max_ejected_percent, 1)) Eject(*state, record, round);
  }
}

// What it failed before an outage says nothing about how it does when it is back. A moment is no
// outage: with `fall: 1` each failure of a statement takes it out until the next probe.
bool ErrorEjector::IsUp(const model::BackendState& state, Record& record, Clock::TimePoint now) {
  if (!state.Up()) {
    if (!record.down_since) record.down_since = now;
    return false;
  }
  if (record.down_since && now - *record.down_since >= kOutage) state.counters->errors_in_row = 0;
  record.down_since.reset();
  return true;
}

bool ErrorEjector::Fails(const model::BackendState& state, const ErrorRule& rule, Record& record) {
  const auto& counters = *state.counters;
  const auto errors = counters.errors_in_row.load(std::memory_order_relaxed);
  if (record.on_trial && counters.answers != record.answers) record = Record();
  return rule.enabled && errors >= (record.on_trial ? 1 : rule.in_row);
}

void ErrorEjector::Eject(const model::BackendState& state, Record& record, Round& round) {
  const auto& id = state.backend.id;
  record.times = std::clamp(record.times * 2, 1, kMostTimes);
  out_.Begin(id, round.now, round.rule_of(id).eject_for * record.times, round.shares);
  const auto errors = state.counters->errors_in_row.load(std::memory_order_relaxed);
  round.changes.push_back(
      {id,
       fmt::format("failing: {} statement(s) in a row got an error of the server or no answer{}",
                   errors, record.on_trial ? ", again after its time out" : "")});
}

}  // namespace gateway::monitor
