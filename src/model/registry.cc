#include "model/registry.h"

#include <algorithm>
#include <utility>

namespace gateway::model {
namespace {

// The file's objects and those of the store that it does not shadow, ordered by id.
template <typename T>
std::vector<T> Overlay(const std::vector<T>& file, const std::vector<T>& stored) {
  auto merged = file;
  for (const auto& object : stored) {
    if (std::ranges::find(file, object.id, &T::id) == file.end()) merged.push_back(object);
  }
  std::ranges::sort(merged, {}, &T::id);
  return merged;
}

// Counters and cursors live as long as what they count: new ones appear, gone ones go.
template <typename Map>
typename Map::mapped_type Keep(Map& from, Map& into, const std::string& id) {
  const auto found = from.find(id);
  auto kept = found != from.end() ? found->second
                                  : std::make_shared<typename Map::mapped_type::element_type>();
  into.emplace(id, kept);
  return kept;
}

}  // namespace

Registry::Registry(const Clock& clock, std::string default_group)
    : clock_(clock), default_group_(std::move(default_group)) {
  Publish();
}

void Registry::ReplaceFile(Configuration configuration, std::string default_group) {
  const std::lock_guard lock(mutex_);
  file_ = std::move(configuration);
  default_group_ = std::move(default_group);
  Publish();
}

void Registry::ReplaceStored(Configuration configuration) {
  const std::lock_guard lock(mutex_);
  stored_ = std::move(configuration);
  Publish();
}

bool Registry::ReportStatus(std::string_view backend_id, BackendStatus status, Urgent urgent) {
  const std::lock_guard lock(mutex_);
  const auto known = statuses_.find(backend_id);
  if (known == statuses_.end()) return false;
  status.submissions_seen = status.load ? counters_.find(backend_id)->second->submissions.load()
                                        : known->second.submissions_seen;
  status.marked = false;
  if (const auto mark = marks_.find(backend_id); mark != marks_.end()) Apply(mark->second, status);
  const bool health_changed = known->second.health != status.health;
  Settle(std::move(status), known->second, urgent);
  return health_changed;
}

// Takes `status` over, and publishes it when it says something new.
void Registry::Settle(BackendStatus status, BackendStatus& known, Urgent urgent) {
  status.changed = known.health != status.health ? clock_.WallNow() : known.changed;
  if (status == known) return;
  const bool outage = known.health == Health::kHealthy && status.health != Health::kHealthy;
  const bool may_wait = urgent == Urgent::kOutages && !outage;
  known = std::move(status);
  if (may_wait) {
    pending_ = true;
  } else {
    Publish();
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

bool Registry::MarkHealth(std::string_view backend_id, bool healthy) {
  return SetMark(backend_id, {healthy, std::nullopt});
}

bool Registry::SetLoad(std::string_view backend_id, double load) {
  return SetMark(backend_id, {std::nullopt, load});
}

bool Registry::SetMark(std::string_view backend_id, const Mark& mark) {
  const std::lock_guard lock(mutex_);
  const auto known = statuses_.find(backend_id);
  if (known == statuses_.end()) return false;
  if (marks_hold_ == MarksHold::kUntilCleared) {
    auto& kept = marks_[std::string(backend_id)];
    if (mark.healthy) kept.healthy = mark.healthy;
    if (mark.load) kept.load = mark.load;
  }
  auto status = known->second;
  if (mark.load) {
    status.submissions_seen = counters_.find(backend_id)->second->submissions.load();
  }
  Apply(mark, status);
  Settle(std::move(status), known->second, Urgent::kAll);
  return true;
}

bool Registry::ClearMarks(std::string_view backend_id) {
  const std::lock_guard lock(mutex_);
  // What was believed before is not kept: the next report says what holds.
  marks_.erase(std::string(backend_id));
  return statuses_.contains(backend_id);
}

void Registry::Apply(const Mark& mark, BackendStatus& status) {
  status.marked = true;
  if (mark.load) {
    status.load = mark.load;
    status.load_reason.clear();
  }
  if (!mark.healthy) return;
  status.health = *mark.healthy ? Health::kHealthy : Health::kUnhealthy;
  status.reason = *mark.healthy ? "" : "marked unhealthy by hand";
  status.failure_class = *mark.healthy ? "" : "marked";
}

void Registry::ReportProcessForwarded(std::string_view backend_id, bool process_forwarded) {
  const std::lock_guard lock(mutex_);
  const auto known = statuses_.find(backend_id);
  if (known == statuses_.end() || known->second.process_forwarded == process_forwarded) return;
  known->second.process_forwarded = process_forwarded;
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
  return history_.Of(backend_id);
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

void Registry::Publish() {
  Snapshot::Parts parts;
  decltype(statuses_) statuses;
  decltype(probed_urls_) urls;
  decltype(counters_) counters;
  decltype(cursors_) cursors;

  for (auto& backend : Overlay(file_.backends, stored_.backends)) {
    // A backend that moved to another address is another cluster until it was probed.
    const auto url = probed_urls_.find(backend.id);
    const bool moved = url == probed_urls_.end() || url->second != backend.url;
    auto& status = statuses.emplace(backend.id, BackendStatus{}).first->second;
    if (!moved) status = statuses_[backend.id];
    urls.emplace(backend.id, backend.url);
    auto kept = Keep(counters_, counters, backend.id);
    parts.backends.push_back(
        std::make_unique<const BackendState>(BackendState{std::move(backend), status, kept}));
  }
  for (auto& group : Overlay(file_.groups, stored_.groups)) {
    GroupState state{std::move(group), {}, nullptr};
    state.cursor = Keep(cursors_, cursors, state.group.id);
    for (const auto& id : state.group.backends) {
      const auto found = std::ranges::find_if(
          parts.backends, [&](const auto& backend) { return backend->backend.id == id; });
      if (found != parts.backends.end()) state.members.push_back(found->get());
    }
    parts.groups.push_back(std::move(state));
  }
  parts.policies = Overlay(file_.policies, stored_.policies);
  parts.default_group = default_group_;
  parts.version = current_ ? current_->version() + 1 : 1;

  statuses_ = std::move(statuses);
  probed_urls_ = std::move(urls);
  counters_ = std::move(counters);
  cursors_ = std::move(cursors);
  pending_ = false;
  std::erase_if(marks_, [this](const auto& mark) { return !statuses_.contains(mark.first); });
  current_ = std::make_shared<const Snapshot>(std::move(parts));
  history_.Follow(current_->backends(), clock_.WallNow());
  for (const auto& listener : listeners_) listener(current_);
}

}  // namespace gateway::model
