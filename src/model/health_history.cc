#include "model/health_history.h"

namespace gateway::model {

void HealthHistory::Note(Record& record, const BackendState& state, Clock::WallTime now) {
  const auto name = state.StateName();
  if (name == record.state) return;
  record.changes.push_back({now, std::string(record.state), std::string(name),
                            state.Eligible() ? "" : std::string(state.IneligibleReason())});
  record.state = name;
  if (record.changes.size() > kMaxChanges) record.changes.pop_front();
}

std::vector<HealthChange> HealthHistory::Of(std::string_view backend_id) const {
  const auto found = records_.find(backend_id);
  if (found == records_.end()) return {};
  return {found->second.changes.begin(), found->second.changes.end()};
}

}  // namespace gateway::model
