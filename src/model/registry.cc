#include "model/registry.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace gateway::model {
namespace {

// Position in `objects`, which are ordered by id.
template <typename T>
std::optional<std::size_t> PositionOf(const std::vector<T>& objects, std::string_view id) {
  const auto found = std::ranges::lower_bound(objects, id, {}, &T::id);
  if (found == objects.end() || found->id != id) return std::nullopt;
  return static_cast<std::size_t>(found - objects.begin());
}

bool SaysTheSame(const BackendState& one, const BackendState& other) {
  const auto& a = one.status;
  const auto& b = other.status;
  return one.StateName() == other.StateName() && a.health == b.health &&
         a.failure_class == b.failure_class && a.reason == b.reason;
}

}  // namespace

Registry::Registry(const Clock& clock, std::string default_group)
    : clock_(clock),
      default_group_(std::move(default_group)),
      declared_(Declared::Build({}, {}, default_group_)) {
  Publish();
}

void Registry::ReplaceFile(Configuration configuration, std::string default_group) {
  const std::lock_guard lock(mutex_);
  file_ = std::move(configuration);
  default_group_ = std::move(default_group);
  Redeclare();
  file_known_ = true;
  Publish();
}

void Registry::ReplaceStored(Configuration configuration) {
  const std::lock_guard lock(mutex_);
  stored_ = std::move(configuration);
  Redeclare();
  stored_known_ = true;
  Publish();
}

bool Registry::ReportStatus(std::string_view backend_id, BackendStatus status, Urgent urgent) {
  const std::lock_guard lock(mutex_);
  auto* entry = FindEntry(backend_id);
  return entry && Report(*entry, std::move(status), urgent);
}

bool Registry::ReportProbe(const Backend& probed, BackendStatus status, Urgent urgent) {
  const std::lock_guard lock(mutex_);
  auto* entry = FindEntry(probed.id);
  if (!entry || entry->state->backend.url != probed.url) return false;
  return Report(*entry, std::move(status), urgent);
}

bool Registry::Report(Entry& entry, BackendStatus status, Urgent urgent) {
  status.marked = false;
  entry.reported = status;
  ApplyEjections(entry.ejections, status);
  if (entry.mark.healthy || entry.mark.load) {
    Apply(entry.mark, entry.counters->submissions.load(), status);
  }
  const bool health_changed = entry.status.health != status.health;
  Settle(std::move(status), entry, urgent);
  return health_changed;
}

Registry::Entry* Registry::FindEntry(std::string_view backend_id) {
  const auto position = PositionOf(declared_->backends, backend_id);
  return position ? &entries_[*position] : nullptr;
}

// Takes `status` over, and publishes it when it says something new.
void Registry::Settle(BackendStatus status, Entry& entry, Urgent urgent) {
  auto& known = entry.status;
  status.changed = known.health != status.health ? clock_.WallNow() : known.changed;
  if (status == known) return;
  const bool changed = known.health != status.health;
  known = std::move(status);
  Refresh(entry, entry.state->backend);
  if (urgent == Urgent::kAll || changed) {
    Publish();
  } else {
    pending_ = true;
  }
}

void Registry::PublishPending() {
  const std::lock_guard lock(mutex_);
  if (pending_) Publish();
}

void Registry::SetMarksHold(MarksHold hold) {
  const std::lock_guard lock(mutex_);
  marks_hold_ = hold;
}

Registry::MarksHold Registry::marks_hold() const {
  const std::lock_guard lock(mutex_);
  return marks_hold_;
}

bool Registry::MarkHealth(std::string_view backend_id, bool healthy) {
  return SetMark(backend_id, {healthy, std::nullopt});
}

bool Registry::SetLoad(std::string_view backend_id, double load) {
  return SetMark(backend_id, {std::nullopt, load});
}

bool Registry::SetMark(std::string_view backend_id, const Mark& mark) {
  const std::lock_guard lock(mutex_);
  auto* entry = FindEntry(backend_id);
  if (!entry) return false;
  if (marks_hold_ == MarksHold::kUntilCleared) {
    if (mark.healthy) entry->mark.healthy = mark.healthy;
    if (mark.load) entry->mark.load = mark.load;
  }
  if (mark.healthy.value_or(false)) entry->ejections.clear();
  auto status = entry->status;
  Apply(mark, entry->counters->submissions.load(), status);
  Settle(std::move(status), *entry, Urgent::kAll);
  return true;
}

bool Registry::ClearMarks(std::string_view backend_id) {
  const std::lock_guard lock(mutex_);
  auto* entry = FindEntry(backend_id);
  if (!entry) return false;
  entry->mark = Mark();
  auto status = entry->reported;
  ApplyEjections(entry->ejections, status);
  // A worker may have noticed it since.
  status.process_forwarded = entry->status.process_forwarded;
  if (entry->status.marked) Settle(std::move(status), *entry, Urgent::kAll);
  return true;
}

void Registry::Apply(const Mark& mark, std::uint64_t submissions, BackendStatus& status) {
  if (mark.load) {
    status.marked = true;
    status.load = mark.load;
    status.load_reason.clear();
    status.submissions_seen = submissions;
  }
  // One that was shut down by its schedule is not there, whatever somebody wants.
  if (!mark.healthy || status.health == Health::kOffSchedule) return;
  status.marked = true;
  status.health = *mark.healthy ? Health::kHealthy : Health::kUnhealthy;
  status.reason = *mark.healthy ? "" : "marked unhealthy by hand";
  status.failure_class = *mark.healthy ? std::string_view() : kMarkedClass;
}

bool Registry::Eject(std::string_view backend_id,
                     std::string_view failure_class,
                     std::string reason) {
  const std::lock_guard lock(mutex_);
  auto* entry = FindEntry(backend_id);
  if (!entry || entry->mark.healthy.value_or(false)) return false;
  std::erase_if(entry->ejections,
                [&](const auto& ejection) { return ejection.failure_class == failure_class; });
  entry->ejections.push_back({std::string(failure_class), std::move(reason)});
  auto status = entry->status;
  ApplyEjections(entry->ejections, status);
  Settle(std::move(status), *entry, Urgent::kAll);
  return true;
}

bool Registry::Readmit(std::string_view backend_id, std::string_view failure_class) {
  const std::lock_guard lock(mutex_);
  auto* entry = FindEntry(backend_id);
  const auto is_over = [&](const auto& ejection) {
    return ejection.failure_class == failure_class;
  };
  if (!entry || std::erase_if(entry->ejections, is_over) == 0) return false;
  // Probes may have found something worse meanwhile.
  if (entry->status.failure_class != failure_class) return false;
  auto status = entry->status;
  status.health = Health::kHealthy;
  status.reason.clear();
  status.failure_class.clear();
  ApplyEjections(entry->ejections, status);
  const bool back = status.health == Health::kHealthy;
  Settle(std::move(status), *entry, Urgent::kAll);
  return back;
}

void Registry::ApplyEjections(const Ejections& ejections, BackendStatus& status) {
  if (ejections.empty() || status.health != Health::kHealthy) return;
  status.health = Health::kUnhealthy;
  status.reason = ejections.front().reason;
  status.failure_class = ejections.front().failure_class;
}

void Registry::ReportProcessForwarded(std::string_view backend_id, bool process_forwarded) {
  const std::lock_guard lock(mutex_);
  auto* entry = FindEntry(backend_id);
  if (!entry || entry->status.process_forwarded == process_forwarded) return;
  entry->status.process_forwarded = process_forwarded;
  Refresh(*entry, entry->state->backend);
  Publish();
}

std::optional<DrainState> Registry::Left(std::string_view backend_id) const {
  const auto snapshot = Current();
  const auto* state = snapshot->FindBackend(backend_id);
  if (!state) return std::nullopt;
  return state->Left(clock_.Now());
}

std::vector<HealthChange> Registry::History(std::string_view backend_id) const {
  const std::lock_guard lock(mutex_);
  const auto position = PositionOf(declared_->backends, backend_id);
  if (!position) return {};
  return entries_[*position].history.All();
}

void Registry::ReportRemote(const LeftByBackend& left) {
  const std::lock_guard lock(mutex_);
  if (!remote_known_since_) remote_known_since_ = clock_.Now();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const auto found = left.find(declared_->backends[i].id);
    const auto there = found == left.end() ? DrainState() : found->second;
    auto& counters = *entries_[i].counters;
    counters.remote_in_flight = static_cast<std::int64_t>(there.exchanges);
    counters.remote_queries = there.queries;
    counters.remote_transactions = there.transactions;
    counters.remote_spooled = there.spooled;
  }
}

void Registry::ForgetRemote() {
  const std::lock_guard lock(mutex_);
  remote_known_since_.reset();
  for (const auto& entry : entries_) entry.counters->remote_in_flight = 0;
}

std::optional<Clock::TimePoint> Registry::RemoteKnownSince() const {
  const std::lock_guard lock(mutex_);
  return remote_known_since_;
}

SnapshotPtr Registry::Current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void Registry::Subscribe(std::function<void(const SnapshotPtr&)> listener) {
  const std::lock_guard lock(mutex_);
  listener(current_);
  listeners_.push_back(std::move(listener));
}

void Registry::OnStateChange(StateListener listener) {
  const std::lock_guard lock(mutex_);
  state_listener_ = std::move(listener);
}

Configuration Registry::FileConfiguration() const {
  const std::lock_guard lock(mutex_);
  return file_;
}

// Lays file and store over each other. Statuses, counters and cursors stay with their ids.
void Registry::Redeclare() {
  const auto before = std::exchange(declared_, Declared::Build(file_, stored_, default_group_));
  auto entries = std::exchange(entries_, {});
  auto cursors = std::exchange(cursors_, {});
  for (std::size_t i = 0; i < declared_->backends.size(); ++i) {
    const auto& backend = declared_->backends[i];
    auto& entry = entries_.emplace_back();
    if (const auto old = PositionOf(before->backends, backend.id)) {
      entry = std::move(entries[*old]);
      // A backend that moved to another address is another cluster until it was probed.
      if (before->backends[*old].url != backend.url) {
        entry.status = entry.reported = BackendStatus();
        entry.ejections.clear();
      }
    } else {
      entry.counters = std::make_shared<BackendCounters>();
      entry.counters->added_later = file_known_ && stored_known_;
    }
    Refresh(entry, backend);
  }
  for (const auto& group : declared_->groups) {
    const auto old = PositionOf(before->groups, group.id);
    cursors_.push_back(old ? cursors[*old] : std::make_shared<GroupCursor>());
  }
}

void Registry::Refresh(Entry& entry, const Backend& backend) {
  auto made = std::make_shared<BackendState>(backend, entry.status, entry.counters);
  if (entry.state) made->up_since = entry.state->up_since;
  if (made->Up() && !(entry.state && entry.state->Up())) made->up_since = clock_.WallNow();
  const std::shared_ptr<const BackendState> state = std::move(made);
  const auto before = std::exchange(entry.state, state);
  if (!before) return;
  entry.history.Note(*before, *state, clock_);
  if (state_listener_ && !SaysTheSame(*before, *state)) state_listener_(*before, *state);
}

void Registry::Publish() {
  Snapshot::Parts parts;
  parts.declared = declared_;
  parts.backends.reserve(entries_.size());
  for (const auto& entry : entries_) parts.backends.push_back(entry.state);
  parts.cursors = cursors_;
  parts.version = current_ ? current_->version() + 1 : 1;
  pending_ = false;
  current_ = std::make_shared<const Snapshot>(std::move(parts));
  for (const auto& listener : listeners_) listener(current_);
}

}  // namespace gateway::model
