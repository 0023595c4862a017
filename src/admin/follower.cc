#include "admin/follower.h"

#include <map>
#include <utility>
#include <vector>

namespace gateway::admin {
namespace {

using telemetry::Level;

constexpr std::chrono::milliseconds kWait{1000};       // for a change, and between attempts
constexpr std::chrono::milliseconds kSharing{1000};    // between two exchanges of loads
constexpr std::chrono::milliseconds kFreshness{5000};  // loads of an instance that went silent

}  // namespace

Follower::Follower(std::string instance_id,
                   store::Store& store,
                   model::Registry& registry,
                   Publisher& publisher,
                   telemetry::Logger& logger)
    : instance_id_(std::move(instance_id)),
      store_(store),
      registry_(registry),
      publisher_(publisher),
      logger_(logger) {}

Follower::~Follower() { Stop(); }

void Follower::Start() {
  changes_ = std::jthread([this] { FollowChanges(); });
  if (!instance_id_.empty()) loads_ = std::jthread([this] { ShareLoads(); });
}

void Follower::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (changes_.joinable()) changes_.join();
  if (loads_.joinable()) loads_.join();
}

void Follower::FollowChanges() {
  while (!stopping_) {
    const auto taken = TakeOver();
    Conclude(taken);
    if (!taken) {
      Pause(kWait);
      continue;
    }
    // An error here shows again, and is reported, in the next round.
    if (!store_.AwaitChange(publisher_.counter(), kWait, stopping_)) Pause(kWait);
  }
}

Expected<void> Follower::TakeOver() {
  const auto stored = store_.LoadConfiguration();
  if (!stored) return std::unexpected(stored.error());
  publisher_.Publish(*stored);
  const auto marks = store_.LoadMarks();
  if (!marks) return std::unexpected(marks.error());
  auto newest = marks_seen_;
  for (const auto& mark : *marks) {
    if (mark.at <= marks_seen_) continue;
    newest = std::max(newest, mark.at);
    if (mark.healthy) registry_.MarkHealth(mark.backend_id, *mark.healthy);
    if (mark.load) registry_.SetLoad(mark.backend_id, *mark.load);
  }
  marks_seen_ = newest;
  return {};
}

// Reports the first failure of a row, and its end.
void Follower::Conclude(const Expected<void>& result) {
  const bool before = synchronised_.exchange(result.has_value());
  if (!result && before) {
    logger_.Event(Level::kError, "store.unavailable",
                  {{"reason", result.error().message},
                   {"effect", "routing goes on as it was; changes are refused until it is back"}});
  } else if (result && !before) {
    logger_.Event(Level::kInfo, "store.synchronised", {{"counter", publisher_.counter()}});
  }
}

void Follower::ShareLoads() {
  while (!stopping_) {
    // A failure is reported by the other thread, which meets it, too.
    if (!ExchangeLoads()) registry_.ReportRemoteInFlight({});
    Pause(kSharing);
  }
}

Expected<void> Follower::ExchangeLoads() {
  std::vector<store::InstanceLoad> own;
  for (const auto& state : registry_.Current()->backends()) {
    const auto in_flight = state->counters->in_flight.load(std::memory_order_relaxed);
    if (in_flight > 0) own.push_back({instance_id_, state->backend.id, in_flight});
  }
  if (auto saved = store_.SaveInstanceLoads(instance_id_, own); !saved) return saved;
  const auto others = store_.LoadOtherInstanceLoads(instance_id_, kFreshness);
  if (!others) return std::unexpected(others.error());
  std::map<std::string, std::int64_t, std::less<>> sums;
  for (const auto& load : *others) sums[load.backend_id] += load.in_flight;
  registry_.ReportRemoteInFlight(sums);
  return {};
}

void Follower::Pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [this] { return stopping_.load(); });
}

}  // namespace gateway::admin
