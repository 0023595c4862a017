#include "monitor/monitor.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "monitor/monitor_task.h"

namespace gateway::monitor {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTendInterval{100};
constexpr milliseconds kTogether{50};
constexpr std::chrono::seconds kLeastPause{1};  // between probes that failures ask for

// An exception here would be a bug of ours, and a backend that nobody watches any more.
void Rethrow(const std::exception_ptr& failure) {
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

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
      announcer_(clock, logger, metrics),
      deadlines_(io, clock),
      client_(io, deadlines_),
      prober_(client_, clock),
      tend_timer_(io),
      began_(clock.WallNow()),
      default_settings_(std::make_shared<const PreparedSettings>(options_.probe)) {
  UseSettings(options_.backends);
  registry_.OnStateChange(
      [this](const auto& before, const auto& after) { announcer_.StateChanged(before, after); });
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
    TakeFailure(id, seen, true);
  });
}

void Monitor::ReportDoubt(std::string_view backend_id, std::string_view failure_class) {
  http::asio::post(io_, [this, id = std::string(backend_id), seen = std::string(failure_class)] {
    TakeFailure(id, seen, false);
  });
}

void Monitor::TakeFailure(const std::string& backend_id,
                          const std::string& failure_class,
                          bool counts) {
  const auto found = tasks_.find(backend_id);
  if (found == tasks_.end() || found->second->off) return;
  auto& task = *found->second;
  task.memory.doubted = task.doubted_meanwhile = true;
  if (counts) {
    task.memory = DigestFailure(task.memory, failure_class, options_.hysteresis);
    task.failed_meanwhile = failure_class;
  }
  metrics_.DataPathFailed(backend_id, failure_class);
  registry_.ReportProbe(task.backend, task.memory.status, model::Registry::Urgent::kHealth);
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
    return true;
  });
}

// Starts and ends tasks so that they are those of `snapshot`.
void Monitor::Follow(const model::SnapshotPtr& snapshot) {
  if (stopped_) return;
  EndTasksBut(*snapshot);
  for (const auto& state : snapshot->backends()) {
    auto& task = tasks_[state->backend.id];
    // They are new when it was deleted and created again meanwhile.
    if (task && std::exchange(task->counters, state->counters) != state->counters) {
      task->submissions = SubmissionLog();
    }
    if (task && task->backend == state->backend) continue;
    const bool known = task != nullptr;
    if (known) {
      task->backend = state->backend;
      task->uptime = Uptime(state->backend.uptime_schedule);
      task->minute = {};
      if (state->backend.draining) task->ProbeBy(clock_.Now());  // what runs there counts now
    } else {
      task = std::make_shared<Task>(io_, state->backend);
      task->counters = state->counters;
      NoteSubmissions(*task, clock_.Now());
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
    for (const auto& [id, task] : tasks_) {
      ExpireLoad(*task, now);
      NoteSubmissions(*task, now);
    }
    if (judges_latency_) JudgeLatency(now);
    JudgeErrors(now);
  }
  if (options_.shared) FollowLeader(now);
  registry_.PublishPending();
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
  task.memory = Memory();  // whatever was known of it, it was shut down
  if (off) {
    task.memory.status.health = model::Health::kOffSchedule;
    task.memory.status.reason = task.uptime.WhyNot(now);
    task.memory.status.failure_class = "off_schedule";
  } else {
    task.probed = false;
    task.ProbeBy(clock_.Now());
  }
  registry_.ReportProbe(task.backend, task.memory.status);
}

void Monitor::ExpireLoad(Task& task, Clock::TimePoint now) {
  auto& status = task.memory.status;
  if (!status.load || now - task.load_measured <= options_.stats_valid_for) return;
  status.load.reset();
  status.figures = {};
  if (status.load_reason.empty()) status.load_reason = "the last value is too old";
  registry_.ReportProbe(task.backend, status, model::Registry::Urgent::kHealth);
}

void Monitor::NoteSubmissions(Task& task, Clock::TimePoint now) {
  task.submissions.Note(now, task.counters->submissions.load());
}

http::Awaitable<void> Monitor::Watch(std::shared_ptr<Task> task) {
  while (!task->ended) {
    if (!task->Rests()) {
      const bool off = task->off;
      task->last_probe = clock_.Now();
      task->next_probe = Clock::TimePoint::max();
      task->doubted_meanwhile = false;
      task->failed_meanwhile.clear();
      ProbeTarget target{task->backend.url,      SettingsOf(task->backend.id),
                         task->backend.draining, off,
                         SharedOf(*task),        task->counters};
      auto findings = co_await prober_.Probe(std::move(target), task->memory);
      if (task->ended) co_return;
      if (findings.shared_at) {
        findings.submissions_seen = task->submissions.At(*findings.shared_at);
      }
      // Its schedule may have ended or begun meanwhile.
      if (!off && !task->off) Conclude(*task, findings);
      KeepLiving(*task, findings);
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
  auto next = clock_.Now() + interval - Jitter(interval / 10);
  // A wake-up of this thread costs about as much as a probe does: those that are due at nearly the
  // same time begin together.
  if (interval >= 20 * kTogether) next -= next.time_since_epoch() % kTogether;
  task.next_probe = std::min(task.next_probe, next);
  // Probes of a busy coordinator may take longer than the pause between those that failures ask
  // for.
  if (task.doubted_meanwhile) {
    task.next_probe = std::max(task.next_probe, clock_.Now() + kLeastPause);
  }
  // Whoever wants a probe earlier moves the time and cancels the timer. One that rests waits until
  // that is over.
  while (!task.ended && (task.Rests() || clock_.Now() < task.next_probe)) {
    task.timer.expires_after(task.Rests() ? std::chrono::hours(1) : task.next_probe - clock_.Now());
    co_await task.timer.async_wait(http::kTuple);
  }
}

void Monitor::Conclude(Task& task, const Findings& findings) {
  const auto before = task.memory;
  task.memory = Digest(before, findings, options_.hysteresis);
  // What failed while a good probe was under way may be newer than what that saw.
  if (findings.outcome == Findings::Outcome::kOk) {
    task.memory.doubted = task.doubted_meanwhile;
    if (!task.failed_meanwhile.empty()) {
      task.memory = DigestFailure(task.memory, task.failed_meanwhile, options_.hysteresis);
    }
  }
  task.probed = true;
  const auto& id = task.backend.id;
  if (findings.load) task.load_measured = findings.shared_at.value_or(clock_.Now());
  if (options_.on_suffix && !findings.coordinator_suffix.empty()) {
    options_.on_suffix(findings.coordinator_suffix, id);
  }
  FindTwins(task);
  announcer_.Probed(task.backend, before, task.memory, findings);
  registry_.ReportProbe(task.backend, task.memory.status, model::Registry::Urgent::kHealth);
  Share(task, findings);
}

// What a drain has to wait for, as the coordinator tells it.
void Monitor::KeepLiving(const Task& task, const Findings& findings) {
  if (!findings.living) return;
  const auto snapshot = registry_.Current();
  const auto* state = snapshot->FindBackend(task.backend.id);
  if (!state || state->backend.url != task.backend.url) return;
  state->counters->live.KeepOnly(*findings.living, clock_.Now(), NewestForeignId());
}

// Ids of queries from before this are of a time when this instance, which counts what goes through
// it, did not run. Were it later, queries that other instances count would count here, too.
std::string Monitor::NewestForeignId() const {
  const auto time = std::chrono::ceil<std::chrono::seconds>(began_);
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}{:02}{:02}_{:02}{:02}{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace gateway::monitor
