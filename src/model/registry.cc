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

bool Registry::ReportStatus(std::string_view backend_id, BackendStatus status) {
  const std::lock_guard lock(mutex_);
  const auto known = statuses_.find(backend_id);
  if (known == statuses_.end()) return false;
  const bool health_changed = known->second.health != status.health;
  status.changed = health_changed ? clock_.WallNow() : known->second.changed;
  if (status.load) {
    auto& counters = *counters_.find(backend_id)->second;
    counters.submissions_seen = counters.submissions.load();
  }
  if (status == known->second) return false;
  known->second = std::move(status);
  Publish();
  return health_changed;
}

void Registry::ReportProcessForwarded(std::string_view backend_id, bool process_forwarded) {
  const std::lock_guard lock(mutex_);
  const auto known = statuses_.find(backend_id);
  if (known == statuses_.end() || known->second.process_forwarded == process_forwarded) return;
  known->second.process_forwarded = process_forwarded;
  Publish();
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
  current_ = std::make_shared<const Snapshot>(std::move(parts));
  for (const auto& listener : listeners_) listener(current_);
}

}  // namespace gateway::model
