#include "monitor/monitor.h"

#include <algorithm>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace gateway::monitor {

using http::asio::cancellation_type;

// One backend under watch. Ended by cancelling; the coroutine holds it until it has noticed.
struct Monitor::Task {
  Task(http::asio::io_context& io, model::Backend declared)
      : backend(std::move(declared)), timer(io.get_executor()) {}

  const model::Backend backend;
  http::Timer timer;
  http::asio::cancellation_signal cancel;
  Memory memory;
  Clock::TimePoint last_probe{};
  bool probed = false;
  bool ended = false;
};

Monitor::Monitor(MonitorOptions options,
                 http::asio::io_context& io,
                 const Clock& clock,
                 model::Registry& registry,
                 telemetry::Logger& logger,
                 telemetry::Metrics& metrics)
    : options_(std::move(options)),
      io_(io),
      clock_(clock),
      registry_(registry),
      logger_(logger),
      metrics_(metrics),
      prober_(io, clock, options_.probe) {}

Monitor::~Monitor() = default;

void Monitor::Start() {
  registry_.Subscribe([this](const model::SnapshotPtr& snapshot) {
    http::asio::post(io_, [this, snapshot] { Follow(snapshot); });
  });
}

void Monitor::Stop() {
  stopped_ = true;
  for (const auto& [id, task] : tasks_) {
    task->ended = true;
    task->cancel.emit(cancellation_type::terminal);
  }
  tasks_.clear();
}

void Monitor::Nudge(std::string_view backend_id) {
  http::asio::post(io_, [this, id = std::string(backend_id)] {
    const auto found = tasks_.find(id);
    if (found == tasks_.end()) return;
    if (clock_.Now() - found->second->last_probe < std::chrono::seconds(1)) return;
    found->second->timer.cancel();
  });
}

bool Monitor::ProbedAll() const {
  return std::ranges::all_of(tasks_, [](const auto& entry) { return entry.second->probed; });
}

// Starts and ends tasks so that they are those of `snapshot`.
void Monitor::Follow(const model::SnapshotPtr& snapshot) {
  if (stopped_) return;
  std::erase_if(tasks_, [&](const auto& entry) {
    const auto* state = snapshot->FindBackend(entry.first);
    if (state && state->backend.url == entry.second->backend.url) return false;
    entry.second->ended = true;
    entry.second->cancel.emit(cancellation_type::terminal);
    metrics_.ForgetBackend(entry.first);
    return true;
  });
  for (const auto& state : snapshot->backends()) {
    if (tasks_.contains(state->backend.id)) continue;
    auto task = std::make_shared<Task>(io_, state->backend);
    tasks_.emplace(state->backend.id, task);
    http::asio::co_spawn(io_, Watch(task),
                         http::asio::bind_cancellation_slot(
                             task->cancel.slot(), [task](const std::exception_ptr&) {}));
  }
}

http::Awaitable<void> Monitor::Watch(std::shared_ptr<Task> task) {
  co_await http::asio::this_coro::throw_if_cancelled(false);
  while (!task->ended) {
    task->last_probe = clock_.Now();
    const auto findings = co_await prober_.Probe(task->backend.url, task->memory);
    if (task->ended) co_return;
    Conclude(*task, findings);
    co_await Wait(*task);
  }
}

http::Awaitable<void> Monitor::Wait(Task& task) {
  const bool healthy = task.memory.status.health == model::Health::kHealthy;
  const auto interval =
      healthy ? options_.interval : std::min(options_.interval, options_.unhealthy_interval);
  // Up to a tenth earlier: many instances and backends must not fall into step.
  const auto jitter = static_cast<std::int64_t>(
      random_.Below(static_cast<std::uint64_t>(interval.count()) / 10 + 1));
  task.timer.expires_after(interval - std::chrono::milliseconds(jitter));
  co_await task.timer.async_wait(http::kTuple);
}

void Monitor::Conclude(Task& task, const Findings& findings) {
  const auto before = task.memory;
  task.memory = Digest(before, findings, options_.fall);
  task.probed = true;
  const auto& id = task.backend.id;
  const auto& status = task.memory.status;
  metrics_.Probed(id, findings.failure_class);
  metrics_.BackendHealth(id, status.health == model::Health::kHealthy);
  if (status.load) metrics_.BackendLoad(id, *status.load);
  if (options_.on_suffix && !findings.coordinator_suffix.empty()) {
    options_.on_suffix(findings.coordinator_suffix, id);
  }
  Announce(task, before, findings);
  registry_.ReportStatus(id, status);
}

void Monitor::Announce(const Task& task, const Memory& before, const Findings& findings) {
  using telemetry::Level;
  const auto& id = task.backend.id;
  const auto& status = task.memory.status;
  if (before.uptime && findings.info.uptime && *findings.info.uptime < *before.uptime) {
    logger_.Event(Level::kWarn, "backend.restarted", {{"backend", id}});
  }
  if (status.health == before.status.health && status.reason == before.status.reason) return;
  switch (status.health) {
    case model::Health::kHealthy:
      logger_.Event(Level::kInfo, "backend.healthy",
                    {{"backend", id},
                     {"version", status.version},
                     {"process_forwarded", status.process_forwarded},
                     {"coordinator_suffix", status.coordinator_suffix}});
      break;
    case model::Health::kStarting:
      logger_.Event(Level::kInfo, "backend.starting", {{"backend", id}});
      break;
    default:
      logger_.Event(Level::kWarn, "backend.unhealthy",
                    {{"backend", id},
                     {"url", task.backend.url.ToString()},
                     {"reason", status.reason},
                     {"failures", task.memory.failures}});
      break;
  }
}

}  // namespace gateway::monitor
