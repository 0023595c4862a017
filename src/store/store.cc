#include "store/store.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>
#include <soci/soci.h>

#include "store/change_listener.h"
#include "store/changes.h"
#include "store/database.h"
#include "store/edit_state.h"
#include "store/migrations.h"
#include "store/rows.h"

namespace gateway::store {
namespace {

using std::chrono::milliseconds;

// How long a stop may go unseen, and how often a database that tells nothing is asked.
constexpr milliseconds kPoll{200};
// News may get lost (a pooler such as pgbouncer between us and PostgreSQL), so we ask all the same.
constexpr milliseconds kAskAnyway{1000};

}  // namespace

Expected<std::unique_ptr<Store>> Store::Open(StoreOptions options,
                                             const Clock& clock,
                                             OnMigrated on_migrated) {
  auto store = OpenLazily(std::move(options), clock, std::move(on_migrated));
  if (!store) return store;
  if (auto ready = (*store)->EnsureReady(); !ready) return std::unexpected(ready.error());
  return store;
}

Expected<std::unique_ptr<Store>> Store::OpenLazily(StoreOptions options,
                                                   const Clock& clock,
                                                   OnMigrated on_migrated) {
  auto url = ParseStoreUrl(options.url);
  if (!url) return std::unexpected(url.error());
  auto database = std::make_unique<Database>(*std::move(url), std::move(options));
  return std::unique_ptr<Store>(new Store(std::move(database), clock, std::move(on_migrated)));
}

Store::Store(std::unique_ptr<Database> database, const Clock& clock, OnMigrated on_migrated)
    : clock_(clock),
      on_migrated_(std::move(on_migrated)),
      database_(std::move(database)),
      listener_(std::make_unique<ChangeListener>(*database_)) {}

Store::~Store() = default;

Expected<void> Store::EnsureReady() {
  if (ready_.load(std::memory_order_acquire)) return {};
  // Real time, as everywhere where we wait for the database.
  const std::unique_lock lock(ready_mutex_, database_->options().acquire_timeout);
  if (!lock) {
    return Fail(ErrorCode::kUnavailable, "the store is being opened; try again", Origin::kStore);
  }
  if (ready_.load(std::memory_order_acquire)) return {};
  const auto taken = BringUpToDate(*database_, clock_);
  if (!taken) return std::unexpected(taken.error());
  if (on_migrated_) {
    for (const auto& step : *taken) on_migrated_(step.version, step.name);
  }
  ready_.store(true, std::memory_order_release);
  return {};
}

StoredConfiguration Store::Cached() const {
  const std::lock_guard lock(cache_mutex_);
  return cached_;
}

void Store::Remember(const StoredConfiguration& loaded) {
  const std::lock_guard lock(cache_mutex_);
  cached_ = loaded;
}

Expected<StoredConfiguration> Store::LoadConfiguration() {
  const auto counter = ChangeCounter();
  if (!counter) return std::unexpected(counter.error());
  if (auto cached = Cached(); cached.configuration && cached.counter == *counter) return cached;
  const auto load = [](soci::session& sql) -> Expected<StoredConfiguration> {
    const auto now = ReadCounter(sql);
    return ReadConfiguration(sql, now);
  };
  auto loaded = database_->Run(Access::kRead, "cannot read the configuration", load);
  if (loaded) Remember(*loaded);
  return loaded;
}

Expected<StoredConfiguration> Store::Edit(
    std::string_view what, const std::function<Expected<void>(ConfigurationEdit&)>& change) {
  if (auto ready = EnsureReady(); !ready) return std::unexpected(ready.error());
  const auto edit = [&](soci::session& sql) -> Expected<StoredConfiguration> {
    auto base = Cached();
    if (const auto now = LockCounter(sql, database_->engine());
        !base.configuration || now != base.counter) {
      base = ReadConfiguration(sql, now);
    }
    const auto next = NextCounter(base.counter);
    ConfigurationEdit::State state{.sql = sql,
                                   .database = *database_,
                                   .clock = clock_,
                                   .base = std::move(base),
                                   .next = next,
                                   .changed = std::nullopt,
                                   .failure = nullptr};
    ConfigurationEdit changes(state);
    auto changed = change(changes);
    if (state.failure) std::rethrow_exception(state.failure);
    if (!changed) return std::unexpected(std::move(changed).error());
    if (!state.changed && !state.marked) return std::move(state.base);
    MoveCounter(sql, database_->engine(), next);
    auto done = std::move(state.base);
    done.counter = next;
    if (state.changed) {
      done.configuration = std::make_shared<model::Configuration>(*std::move(state.changed));
    }
    return done;
  };
  auto edited = database_->Run(Access::kEdit, what, edit);
  if (edited) Remember(*edited);
  return edited;
}

Expected<std::uint64_t> Store::ChangeCounter() {
  if (auto ready = EnsureReady(); !ready) return std::unexpected(ready.error());
  return database_->Run(
      Access::kStatement, "cannot read the change counter",
      [](soci::session& sql) -> Expected<std::uint64_t> { return ReadCounter(sql); });
}

Expected<std::uint64_t> Store::AwaitChange(std::uint64_t known,
                                           milliseconds timeout,
                                           const std::atomic<bool>& stop) {
  using SteadyClock = std::chrono::steady_clock;
  const auto deadline = SteadyClock::now() + timeout;
  while (true) {
    if (auto ready = EnsureReady(); !ready) return std::unexpected(ready.error());
    if (auto listening = listener_->Listen(); !listening) {
      return std::unexpected(listening.error());
    }
    const auto counter = ChangeCounter();
    const auto now = SteadyClock::now();
    if (!counter || *counter != known || stop || now >= deadline) return counter;
    const auto ask_again = std::min(deadline, now + kAskAnyway);
    while (!stop && SteadyClock::now() < ask_again) {
      const auto left = std::chrono::ceil<milliseconds>(ask_again - SteadyClock::now());
      if (listener_->Wait(std::min(kPoll, left))) break;
    }
  }
}

}  // namespace gateway::store
