#include "model/shared_probes.h"

#include <utility>

namespace gateway::model {

SharedProbes::SharedProbes(const Clock& clock, std::chrono::milliseconds valid_for)
    : clock_(clock), valid_for_(valid_for) {}

bool SharedProbes::LeadsNow() const { return leads_until_ && clock_.Now() < *leads_until_; }

bool SharedProbes::Leads() const {
  const std::lock_guard lock(mutex_);
  return LeadsNow();
}

std::optional<ProbeResult> SharedProbes::Find(std::string_view backend_id, const Url& url) const {
  const std::lock_guard lock(mutex_);
  if (LeadsNow()) return std::nullopt;
  const auto found = followed_.find(backend_id);
  if (found == followed_.end() || found->second.url != url.ToString()) return std::nullopt;
  if (clock_.Now() - found->second.measured > valid_for_) return std::nullopt;
  return found->second;
}

void SharedProbes::Publish(ProbeResult result) {
  const std::lock_guard lock(mutex_);
  if (!LeadsNow()) return;
  auto id = result.backend_id;
  published_.insert_or_assign(std::move(id), std::move(result));
}

std::uint64_t SharedProbes::version() const {
  const std::lock_guard lock(mutex_);
  return version_;
}

void SharedProbes::Lead(Clock::TimePoint until) {
  const std::lock_guard lock(mutex_);
  leads_until_ = until;
  followed_.clear();
}

void SharedProbes::Follow(std::vector<ProbeResult> results) {
  const std::lock_guard lock(mutex_);
  leads_until_.reset();
  published_.clear();
  followed_.clear();
  for (auto& result : results) {
    auto id = result.backend_id;
    followed_.insert_or_assign(std::move(id), std::move(result));
  }
  ++version_;
}

std::vector<ProbeResult> SharedProbes::TakePublished() {
  const std::lock_guard lock(mutex_);
  std::vector<ProbeResult> taken;
  for (auto& [id, result] : std::exchange(published_, {})) taken.push_back(std::move(result));
  return taken;
}

}  // namespace gateway::model
