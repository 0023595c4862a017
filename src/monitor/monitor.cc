#include "monitor/monitor.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace gateway::monitor {

namespace {

// An exception here would be a bug of ours, and a backend that nobody watches any more.
void Rethrow(const std::exception_ptr& failure) {
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

// One backend under watch; its coroutine goes on until it notices `ended`.
struct Monitor::Task {
  Task(http::asio::io_context& io, model::Backend declared)
      : backend(std::move(declared)), timer(io.get_executor()) {}

  const model::Backend backend;
  http::Timer timer;
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
      deadlines_(io, clock),
      client_(io, deadlines_),
      prober_(client_, clock, options_.probe) {}

Monitor::~Monitor() = default;

void Monitor::Start() {
  http::asio::co_spawn(io_, deadlines_.Run(), Rethrow);
  registry_.Subscribe([this](const model::SnapshotPtr& snapshot) {
    http::asio::post(io_, [this, snapshot] { Follow(snapshot); });
  });
}

void Monitor::Stop() {
  stopped_ = true;
  for (const auto& [id, task] : tasks_) End(*task);
  tasks_.clear();
  deadlines_.ExpireAll();
  StopDeadlines();
}

// A probe may still begin to wait for something: its deadline must be watched until it has ended.
void Monitor::StopDeadlines() {
  if (stopped_ && running_ == 0) deadlines_.Stop();
}

void Monitor::Spawn(http::Awaitable<void> watch) {
  ++running_;
  http::asio::co_spawn(io_, std::move(watch), [this](const std::exception_ptr& failure) {
    --running_;
    StopDeadlines();
    Rethrow(failure);
  });
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
    End(*entry.second);
    metrics_.ForgetBackend(entry.first);
    return true;
  });
  for (const auto& state : snapshot->backends()) {
    if (tasks_.contains(state->backend.id)) continue;
    auto task = std::make_shared<Task>(io_, state->backend);
    tasks_.emplace(state->backend.id, task);
    Spawn(Watch(std::move(task)));
  }
}

void Monitor::End(Task& task) {
  task.ended = true;
  task.timer.cancel();
}

http::Awaitable<void> Monitor::Watch(std::shared_ptr<Task> task) {
  while (!task->ended) {
    task->last_probe = clock_.Now();
    const auto findings = co_await prober_.Probe(task->backend.url, task->memory);
    if (task->ended) co_return;
    Conclude(*task, findings);
    co_await Wait(*task);
  }
}

http::Awaitable<void> Monitor::Wait(Task& task) {
  const auto interval = task.memory.BeyondDoubt()
                            ? options_.interval
                            : std::min(options_.interval, options_.unhealthy_interval);
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
  metrics_.BackendLoad(id, status.load);
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
  if (before.Restarted(findings.info)) {
    logger_.Event(Level::kWarn, "backend.restarted", {{"backend", id}});
  }
  if (before.uptime && before.status.process_forwarded != status.process_forwarded) {
    logger_.Event(Level::kInfo, "backend.process_forwarded",
                  {{"backend", id}, {"process_forwarded", status.process_forwarded}});
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
