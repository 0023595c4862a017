#include "admin/probe_sharer.h"

#include <utility>

namespace gateway::admin {

ProbeSharer::ProbeSharer(std::string instance_id,
                         std::chrono::milliseconds interval,
                         const Clock& clock,
                         store::Store& store,
                         model::SharedProbes& shared,
                         telemetry::Logger& logger)
    : instance_id_(std::move(instance_id)),
      term_(interval / 2),
      pause_(interval / 8),
      clock_(clock),
      store_(store),
      shared_(shared),
      logger_(logger) {}

ProbeSharer::~ProbeSharer() { Stop(); }

void ProbeSharer::Start() {
  // A failure shows again in the loop, and whoever follows the configuration reports it.
  static_cast<void>(Exchange());
  thread_ = std::jthread([this] { Run(); });
}

void ProbeSharer::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  // Otherwise it ends by itself after its term.
  if (part_ != Part::kFollows) static_cast<void>(store_.ReleaseProbeLease(instance_id_));
}

void ProbeSharer::Run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, pause_, [this] { return stopping_; })) {
    lock.unlock();
    static_cast<void>(Exchange());
    lock.lock();
  }
}

Expected<void> ProbeSharer::Exchange() {
  // Our term begins before the server's, so it ends before anybody else leads.
  const auto until = clock_.Now() + term_;
  const auto leads = store_.HoldProbeLease(instance_id_, term_);
  Announce(!leads ? Part::kAlone : *leads ? Part::kLeads : Part::kFollows);
  if (!leads) return std::unexpected(leads.error());
  return *leads ? Lead(until) : Follow();
}

Expected<void> ProbeSharer::Lead(Clock::TimePoint until) {
  shared_.Lead(until);
  const auto found = shared_.TakePublished();
  return found.empty() ? Expected<void>() : store_.SaveProbes(instance_id_, found);
}

Expected<void> ProbeSharer::Follow() {
  auto found = store_.LoadProbes(shared_.valid_for());
  if (!found) return std::unexpected(std::move(found).error());
  shared_.Follow(*std::move(found));
  return {};
}

void ProbeSharer::Announce(Part part) {
  if (std::exchange(part_, part) == part) return;
  const auto* event = part == Part::kLeads     ? "monitor.leads"
                      : part == Part::kFollows ? "monitor.follows"
                                               : "monitor.alone";
  logger_.Event(telemetry::Level::kInfo, event, {{"instance", instance_id_}});
}

}  // namespace gateway::admin
