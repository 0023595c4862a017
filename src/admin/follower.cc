#include "admin/follower.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway::admin {
namespace {

using telemetry::Level;

constexpr std::chrono::milliseconds kWait{1000};       // for a change, and between attempts
constexpr std::chrono::milliseconds kSharing{1000};    // between two exchanges of loads
constexpr std::chrono::milliseconds kFreshness{5000};  // loads of an instance that went silent

// Counting what a drain waits for holds up queries of that backend for a moment, so it is done for
// those that get no new ones: only they are drained or deleted.
std::vector<store::InstanceLoad> LoadsOf(const std::string& instance_id,
                                         const model::Snapshot& snapshot,
                                         Clock::TimePoint now) {
  std::set<std::string_view> used;
  for (const auto& group : snapshot.groups()) {
    for (const auto* member : group.members) {
      if (member->Up()) used.insert(member->backend.id);
    }
  }
  std::vector<store::InstanceLoad> loads;
  for (const auto& state : snapshot.backends()) {
    model::DrainState left;
    if (used.contains(state->backend.id)) {
      const auto in_flight = state->counters->in_flight.load(std::memory_order_relaxed);
      left.exchanges = static_cast<std::size_t>(std::max<std::int64_t>(in_flight, 0));
    } else {
      left = state->LeftHere(now);
    }
    if (!left.Empty()) loads.push_back({instance_id, state->backend.id, left});
  }
  return loads;
}

}  // namespace

Follower::Follower(std::string instance_id,
                   const Clock& clock,
                   store::Store& store,
                   model::Registry& registry,
                   Publisher& publisher,
                   telemetry::Logger& logger)
    : instance_id_(std::move(instance_id)),
      clock_(clock),
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
    // An error here shows again, and is reported, in the next round. What was read is waited on,
    // not what was published: whatever the publisher makes of it, a round is not repeated at once.
    if (!store_.AwaitChange(seen_, kWait, stopping_)) Pause(kWait);
  }
}

Expected<void> Follower::TakeOver() {
  const auto published = publisher_.counter();
  const auto stored = store_.LoadConfiguration();
  if (!stored) return std::unexpected(stored.error());
  // Of a later moment, maybe, so with its own counter: it tells which word is the newer one.
  const auto said = store_.LoadMarks();
  if (!said) return std::unexpected(said.error());
  publisher_.marks().TakeOver(said->marks, said->counter);
  publisher_.Publish(*stored, published);
  publisher_.marks().TakeOver(said->marks, said->counter);  // of backends that came with it
  seen_ = stored->counter;
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
    if (!ExchangeLoads()) registry_.ForgetRemote();
    Pause(kSharing);
  }
}

Expected<void> Follower::ExchangeLoads() {
  const auto own = LoadsOf(instance_id_, *registry_.Current(), clock_.Now());
  if (auto saved = store_.SaveInstanceLoads(instance_id_, own); !saved) return saved;
  const auto others = store_.LoadOtherInstanceLoads(instance_id_, kFreshness);
  if (!others) return std::unexpected(others.error());
  registry_.ReportRemote(remote_.Take(*others));
  return {};
}

void Follower::Pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [this] { return stopping_.load(); });
}

}  // namespace gateway::admin
