// Of many instances, one probes for all.
#include <algorithm>
#include <utility>

#include "monitor/monitor.h"
#include "monitor/monitor_task.h"

namespace gateway::monitor {

namespace {

constexpr std::chrono::milliseconds kSoon{1000};  // spread over it, for hundreds of backends

}  // namespace

// A new leader probes soon, before what the last one found is too old; others heed what it found.
void Monitor::FollowLeader(Clock::TimePoint now) {
  const bool leads = options_.shared->Leads();
  if (leads && !led_) {
    for (const auto& [id, task] : tasks_)
      task->ProbeBy(now + Jitter(std::min(options_.interval / 4, kSoon)));
  }
  led_ = leads;
  const auto version = options_.shared->version();
  if (leads || std::exchange(shared_version_, version) == version) return;
  for (const auto& [id, task] : tasks_) {
    const auto found = SharedOf(*task);
    if (found && !task->off) Heed(*task, *found, now);
  }
}

std::optional<model::ProbeResult> Monitor::SharedOf(const Task& task) const {
  if (!options_.shared) return std::nullopt;
  return options_.shared->Find(task.backend.id, task.backend.url);
}

// Loads hold at once. What contradicts this instance is taken over by a probe, which asks first
// whether the cluster is there.
void Monitor::Heed(Task& task, const model::ProbeResult& found, Clock::TimePoint now) {
  auto& status = task.memory.status;
  const bool healthy = status.health == model::Health::kHealthy;
  if (found.good != healthy && found.measured > task.last_probe) {
    task.ProbeBy(now + Jitter(std::min(options_.interval / 10, kSoon)));
  }
  if (!healthy || !found.load || found.measured <= task.load_measured) return;
  status.load = found.load;
  status.figures = found.figures;
  status.submissions_seen = task.submissions.At(found.measured);
  task.load_measured = found.measured;
  registry_.ReportProbe(task.backend, status, model::Registry::Urgent::kHealth);
}

void Monitor::Share(const Task& task, const Findings& findings) {
  if (!options_.shared) return;
  auto result = ToShare(findings, task.memory);
  if (!result) return;
  result->backend_id = task.backend.id;
  result->url = task.backend.url.ToString();
  result->measured = clock_.Now();
  options_.shared->Publish(*std::move(result));
}

}  // namespace gateway::monitor
