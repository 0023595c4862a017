#include "monitor/monitor.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "monitor/uptime.h"

namespace gateway::monitor {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTendInterval{100};
constexpr milliseconds kSoon{1000};  // spread over it, for hundreds of backends
constexpr milliseconds kTogether{50};
constexpr std::chrono::seconds kLeastPause{1};  // between probes that failures ask for

// An exception here would be a bug of ours, and a backend that nobody watches any more.
void Rethrow(const std::exception_ptr& failure) {
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

// One backend under watch; its coroutine goes on until it notices `ended`.
struct Monitor::Task {
  Task(http::asio::io_context& io, model::Backend declared)
      : backend(std::move(declared)), uptime(backend.uptime_schedule), timer(io.get_executor()) {}

  void End() {
    ended = true;
    timer.cancel();
  }
  // The next probe is due at `time`, or when it is due already.
  void ProbeBy(Clock::TimePoint time) {
    next_probe = std::min(next_probe, time);
    timer.cancel();
  }

  model::Backend backend;
  Uptime uptime;
  http::Timer timer;
  Memory memory;
  Clock::TimePoint last_probe{};
  Clock::TimePoint next_probe{};
  Clock::TimePoint load_measured{};
  Clock::WallTime minute{};  // for which the schedule was asked
  bool off = false;          // off schedule
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
      metrics_(metrics),
      announcer_(logger, metrics),
      deadlines_(io, clock),
      client_(io, deadlines_),
      prober_(client_, clock),
      tend_timer_(io),
      default_settings_(std::make_shared<const PreparedSettings>(options_.probe)) {
  UseSettings(options_.backends);
}

Monitor::~Monitor() = default;

void Monitor::Start() {
  http::asio::co_spawn(io_, deadlines_.Run(), Rethrow);
  http::asio::co_spawn(io_, TendAlways(), Rethrow);
  registry_.Subscribe([this](const model::SnapshotPtr& snapshot) { Note(snapshot); });
}

// Comes from any thread, with each new load, too: only what is declared matters here. Many changes
// may come together: the last one tells all.
void Monitor::Note(const model::SnapshotPtr& snapshot) {
  const std::lock_guard lock(noted_mutex_);
  if (snapshot->declared() == declared_) return;
  declared_ = snapshot->declared();
  if (!std::exchange(noted_, snapshot)) {
    http::asio::post(io_, [this] { Follow(TakeNoted()); });
  }
}

model::SnapshotPtr Monitor::TakeNoted() {
  const std::lock_guard lock(noted_mutex_);
  return std::exchange(noted_, nullptr);
}

void Monitor::Stop() {
  stopped_ = true;
  for (const auto& [id, task] : tasks_) task->End();
  tasks_.clear();
  deadlines_.ExpireAll();
  tend_timer_.cancel();
  StopTimers();
}

// A probe may still begin to wait for something: its deadline must be watched until it has ended.
void Monitor::StopTimers() {
  if (!stopped_ || running_ > 0) return;
  client_.CloseIdle();
  deadlines_.Stop();
}

void Monitor::Spawn(http::Awaitable<void> watch) {
  ++running_;
  http::asio::co_spawn(io_, std::move(watch), [this](const std::exception_ptr& failure) {
    --running_;
    StopTimers();
    Rethrow(failure);
  });
}

void Monitor::UseSettings(const SettingsById& backends) {
  settings_.clear();
  for (const auto& [id, settings] : backends) {
    settings_.emplace(id, std::make_shared<const PreparedSettings>(settings));
    judges_latency_ = judges_latency_ || settings.latency.enabled;
  }
  judges_latency_ = judges_latency_ || options_.probe.latency.enabled;
}

Monitor::Prepared Monitor::SettingsOf(std::string_view backend_id) const {
  const auto found = settings_.find(backend_id);
  return found == settings_.end() ? default_settings_ : found->second;
}

void Monitor::ReportFailure(std::string_view backend_id, std::string_view failure_class) {
  http::asio::post(io_, [this, id = std::string(backend_id), seen = std::string(failure_class)] {
    CountFailure(id, seen);
  });
}

void Monitor::CountFailure(const std::string& backend_id, const std::string& failure_class) {
  const auto found = tasks_.find(backend_id);
  if (found == tasks_.end() || found->second->off) return;
  auto& task = *found->second;
  const auto before = task.memory;
  task.memory = DigestFailure(before, failure_class, options_.hysteresis);
  announcer_.Failed(task.backend, before, task.memory, failure_class);
  registry_.ReportStatus(backend_id, task.memory.status, model::Registry::Urgent::kHealth);
  task.ProbeBy(task.last_probe + kLeastPause);
}

bool Monitor::ProbedAll() const {
  return std::ranges::all_of(
      tasks_, [](const auto& entry) { return entry.second->probed || entry.second->off; });
}

void Monitor::EndTasksBut(const model::Snapshot& snapshot) {
  std::map<std::string_view, const Url*> declared;
  for (const auto& state : snapshot.backends()) {
    declared.emplace(state->backend.id, &state->backend.url);
  }
  std::erase_if(tasks_, [&](const auto& entry) {
    const auto found = declared.find(entry.first);
    if (found != declared.end() && *found->second == entry.second->backend.url) return false;
    entry.second->End();
    metrics_.ForgetBackend(entry.first);
    return true;
  });
}

// Starts and ends tasks so that they are those of `snapshot`.
void Monitor::Follow(const model::SnapshotPtr& snapshot) {
  if (stopped_) return;
  EndTasksBut(*snapshot);
  for (const auto& state : snapshot->backends()) {
    auto& task = tasks_[state->backend.id];
    if (task && task->backend == state->backend) continue;
    const bool known = task != nullptr;
    if (known) {
      task->backend = state->backend;
      task->uptime = Uptime(state->backend.uptime_schedule);
      task->minute = {};
      if (state->backend.draining) task->ProbeBy(clock_.Now());  // what runs there counts now
    } else {
      task = std::make_shared<Task>(io_, state->backend);
    }
    KeepSchedule(*task, clock_.WallNow());
    if (!known) Spawn(Watch(task));
  }
}

void Monitor::Tend() {
  const auto wall = clock_.WallNow();
  const auto minute = std::chrono::floor<std::chrono::minutes>(wall);
  if (std::exchange(minute_, minute) != minute) {
    for (const auto& [id, task] : tasks_) KeepSchedule(*task, wall);
  }
  const auto now = clock_.Now();
  if (now - last_second_ >= std::chrono::seconds(1)) {
    last_second_ = now;
    for (const auto& [id, task] : tasks_) ExpireLoad(*task, now);
    if (judges_latency_) JudgeLatency(now);
  }
  if (options_.shared) FollowLeader(now);
  registry_.PublishPending();
}

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
  task.load_measured = found.measured;
  registry_.ReportStatus(task.backend.id, status, model::Registry::Urgent::kHealth);
}

// Who takes far longer to answer submissions than its peers is out for a while.
void Monitor::JudgeLatency(Clock::TimePoint now) {
  const auto rule_of = [this](std::string_view id) -> const LatencyRule& {
    return SettingsOf(id)->settings.latency;  // they outlive this call
  };
  const auto snapshot = registry_.Current();
  for (const auto& change : ejector_.Judge(*snapshot, rule_of, now)) {
    if (change.reason.empty()) {
      registry_.Readmit(change.backend_id);
      announcer_.Readmitted(change.backend_id);
    } else {
      registry_.Eject(change.backend_id, change.reason);
      announcer_.Ejected(change.backend_id, change.reason);
    }
  }
}

http::Awaitable<void> Monitor::TendAlways() {
  while (!stopped_) {
    tend_timer_.expires_after(kTendInterval);
    co_await tend_timer_.async_wait(http::kTuple);
    if (!stopped_) Tend();
  }
}

// A schedule can change once a minute.
void Monitor::KeepSchedule(Task& task, Clock::WallTime now) {
  const auto minute = std::chrono::floor<std::chrono::minutes>(now);
  if (task.minute == minute) return;
  task.minute = minute;
  const bool off = !task.uptime.Covers(now);
  if (off == task.off) return;
  task.off = off;
  const auto before = task.memory;
  task.memory = Memory();  // whatever was known of it, it was shut down
  if (off) {
    task.memory.status.health = model::Health::kOffSchedule;
    task.memory.status.reason = task.uptime.WhyNot(now);
    task.memory.status.failure_class = "off_schedule";
  } else {
    task.probed = false;
    task.ProbeBy(clock_.Now());
  }
  announcer_.Scheduled(task.backend, before, task.memory);
  registry_.ReportStatus(task.backend.id, task.memory.status);
}

void Monitor::ExpireLoad(Task& task, Clock::TimePoint now) {
  auto& status = task.memory.status;
  if (!status.load || now - task.load_measured <= options_.stats_valid_for) return;
  status.load.reset();
  status.figures = {};
  if (status.load_reason.empty()) status.load_reason = "the last value is too old";
  metrics_.BackendLoad(task.backend.id, std::nullopt);
  metrics_.BackendFigures(task.backend.id, {});
  registry_.ReportStatus(task.backend.id, status, model::Registry::Urgent::kHealth);
}

http::Awaitable<void> Monitor::Watch(std::shared_ptr<Task> task) {
  while (!task->ended) {
    if (!task->off) {
      task->last_probe = clock_.Now();
      ProbeTarget target{task->backend.url, SettingsOf(task->backend.id), task->backend.draining,
                         SharedOf(*task)};
      const auto findings = co_await prober_.Probe(std::move(target), task->memory);
      if (task->ended) co_return;
      // Its schedule may have ended meanwhile.
      if (!task->off) Conclude(*task, findings);
    }
    co_await Wait(*task);
  }
}

milliseconds Monitor::Jitter(milliseconds most) {
  return milliseconds(random_.Below(static_cast<std::uint64_t>(most.count()) + 1));
}

http::Awaitable<void> Monitor::Wait(Task& task) {
  const auto interval = task.memory.BeyondDoubt() && !task.backend.draining
                            ? options_.interval
                            : std::min(options_.interval, options_.unhealthy_interval);
  // Up to a tenth earlier: many instances and backends must not fall into step.
  task.next_probe = clock_.Now() + interval - Jitter(interval / 10);
  // A wake-up of this thread costs about as much as a probe does: those that are due at nearly the
  // same time begin together.
  if (interval >= 20 * kTogether) task.next_probe -= task.next_probe.time_since_epoch() % kTogether;
  // Whoever wants a probe earlier moves the time and cancels the timer. One that is off schedule
  // waits until that is over.
  while (!task.ended && (task.off || clock_.Now() < task.next_probe)) {
    task.timer.expires_after(task.off ? std::chrono::hours(1) : task.next_probe - clock_.Now());
    co_await task.timer.async_wait(http::kTuple);
  }
}

void Monitor::Conclude(Task& task, const Findings& findings) {
  const auto before = task.memory;
  task.memory = Digest(before, findings, options_.hysteresis);
  task.probed = true;
  const auto& id = task.backend.id;
  if (findings.load) task.load_measured = findings.shared_at.value_or(clock_.Now());
  if (options_.on_suffix && !findings.coordinator_suffix.empty()) {
    options_.on_suffix(findings.coordinator_suffix, id);
  }
  if (!findings.coordinator_suffix.empty()) FindTwin(task);
  announcer_.Probed(task.backend, before, task.memory, findings);
  registry_.ReportStatus(id, task.memory.status, model::Registry::Urgent::kHealth);
  Share(task, findings);
  if (!findings.living) return;
  const auto snapshot = registry_.Current();
  if (const auto* state = snapshot->FindBackend(id)) {
    state->counters->live.KeepOnly(*findings.living, clock_.Now());
  }
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

// Two backends with one coordinator get twice the share, and draining one does not empty it. The
// suffix is drawn at random; node ids alone may have been copied with a configuration.
void Monitor::FindTwin(Task& task) {
  auto& own = task.memory.status;
  std::string other;
  for (const auto& [id, candidate] : tasks_) {
    const auto& status = candidate->memory.status;
    if (candidate.get() == &task || status.health != model::Health::kHealthy) continue;
    const bool same = status.coordinator_suffix == own.coordinator_suffix &&
                      status.coordinator_id == own.coordinator_id;
    if (same) other = id;
  }
  if (other == own.same_as) return;
  own.same_as = other;
  announcer_.Twin(task.backend, other);
}

}  // namespace gateway::monitor
