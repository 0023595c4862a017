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
  Publish();
}

void Registry::ReplaceStored(Configuration configuration) {
  const std::lock_guard lock(mutex_);
  stored_ = std::move(configuration);
  Redeclare();
  Publish();
}

bool Registry::ReportStatus(std::string_view backend_id, BackendStatus status) {
  const std::lock_guard lock(mutex_);
  const auto position = PositionOf(declared_->backends, backend_id);
  if (!position) return false;
  auto& entry = entries_[*position];
  const bool health_changed = entry.status.health != status.health;
  status.changed = health_changed ? clock_.WallNow() : entry.status.changed;
  if (status.load) entry.counters->submissions_seen = entry.counters->submissions.load();
  if (status == entry.status) return false;
  entry.status = std::move(status);
  Refresh(*position);
  Publish();
  return health_changed;
}

void Registry::ReportProcessForwarded(std::string_view backend_id, bool process_forwarded) {
  const std::lock_guard lock(mutex_);
  const auto position = PositionOf(declared_->backends, backend_id);
  if (!position || entries_[*position].status.process_forwarded == process_forwarded) return;
  entries_[*position].status.process_forwarded = process_forwarded;
  Refresh(*position);
  Publish();
}

void Registry::ReportRemoteInFlight(
    const std::map<std::string, std::int64_t, std::less<>>& in_flight) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const auto found = in_flight.find(declared_->backends[i].id);
    entries_[i].counters->remote_in_flight = found == in_flight.end() ? 0 : found->second;
  }
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
      entry.counters = entries[*old].counters;
      // A backend that moved to another address is another cluster until it was probed.
      if (before->backends[*old].url == backend.url) entry.status = entries[*old].status;
    } else {
      entry.counters = std::make_shared<BackendCounters>();
    }
    Refresh(i);
  }
  for (const auto& group : declared_->groups) {
    const auto old = PositionOf(before->groups, group.id);
    cursors_.push_back(old ? cursors[*old] : std::make_shared<GroupCursor>());
  }
}

void Registry::Refresh(std::size_t position) {
  auto& entry = entries_[position];
  entry.state = std::make_shared<const BackendState>(declared_->backends[position], entry.status,
                                                     entry.counters);
}

void Registry::Publish() {
  Snapshot::Parts parts;
  parts.declared = declared_;
  parts.backends.reserve(entries_.size());
  for (const auto& entry : entries_) parts.backends.push_back(entry.state);
  parts.cursors = cursors_;
  parts.version = current_ ? current_->version() + 1 : 1;
  current_ = std::make_shared<const Snapshot>(std::move(parts));
  for (const auto& listener : listeners_) listener(current_);
}

}  // namespace gateway::model
