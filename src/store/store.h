// The database that the instances share: what the API created, what they know together, the history
// of queries and the audit log.
//
// SQLite, PostgreSQL or MySQL/MariaDB. Each call is one transaction and blocks on the database, so
// workers and the control thread never call it themselves: a database thread does. Waits are
// bounded: for a connection by StoreOptions::acquire_timeout, for a server by connect_timeout and
// twice statement_timeout. A database that went away is tried anew with each call.
// Errors have Origin::kStore: kUnavailable (down, locked, full, read-only, damaged, I/O error),
// kNotFound, kInternal (rows that this program did not write); after Open() also those of Open().
// Threads: all calls from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/configuration.h"
#include "model/shared_probes.h"
#include "store/audit.h"
#include "store/configuration_edit.h"
#include "store/query_record.h"
#include "store/shared_state.h"
#include "store/store_options.h"

namespace gateway::store {

class ChangeListener;
class Database;

class Store {
 public:
  using BackendMark = store::BackendMark;
  using InstanceLoad = store::InstanceLoad;

  // A step of the schema that this instance has just taken.
  using OnMigrated = std::function<void(int version, std::string_view name)>;

  // Connects, creates what is missing and brings the schema up to date. `clock` must outlive the
  // store. `on_migrated`: is told of each step, when all are taken.
  // kInvalidArgument, kUnsupported: the URL; or a schema newer than this binary. kConflict:
  // migrations are pending and StoreOptions::migrate is false; the message says how to run them.
  static Expected<std::unique_ptr<Store>> Open(StoreOptions options,
                                               const Clock& clock,
                                               OnMigrated on_migrated = {});
  // Looks at the URL only. Every call connects and migrates, until one has succeeded.
  static Expected<std::unique_ptr<Store>> OpenLazily(StoreOptions options,
                                                     const Clock& clock,
                                                     OnMigrated on_migrated = {});
  ~Store();

  // --- Configuration.

  // As of now; the one that was loaded last where nothing has changed since. Rows that cannot be
  // read are left out and named.
  Expected<StoredConfiguration> LoadConfiguration();

  // Runs `change` once in a write transaction and returns the configuration that is in force
  // afterwards: with all that it changed, or, when it returns an error, which is passed on, with
  // nothing of it. Other writers wait meanwhile, so `change` must be quick and must not call the
  // store. `what` starts messages: "cannot save backend 'c1'".
  // kUnavailable: nothing was changed, unless the message says that this is not known.
  Expected<StoredConfiguration> Edit(
      std::string_view what, const std::function<Expected<void>(ConfigurationEdit&)>& change);

  // Grows with each change of the configuration or of a mark, by whichever instance, and never has
  // a number twice. Smaller than before: the database was restored from a backup. Cheap.
  Expected<std::uint64_t> ChangeCounter();

  // Waits until the counter is not `known`, for at most `timeout` or until `stop` is true, which is
  // seen within 200 ms; returns the counter. PostgreSQL tells by itself; the others are asked every
  // 200 ms. For one thread at a time. kUnavailable comes at once: pause before the next call.
  Expected<std::uint64_t> AwaitChange(std::uint64_t known,
                                      std::chrono::milliseconds timeout,
                                      const std::atomic<bool>& stop);

  // --- What instances know together.

  // Replaces the mark of one backend (`at` is set here); moves the counter.
  [[nodiscard]] Expected<void> SaveMark(const BackendMark& mark);
  Expected<StoredMarks> LoadMarks();

  // Replaces all loads of this instance.
  [[nodiscard]] Expected<void> SaveInstanceLoads(std::string_view instance_id,
                                                 const std::vector<InstanceLoad>& loads);
  // Those of the other instances that were saved within `fresh`, by the time of the database's
  // server.
  Expected<std::vector<InstanceLoad>> LoadOtherInstanceLoads(std::string_view instance_id,
                                                             std::chrono::milliseconds fresh);

  // Of all instances one does the expensive steps of probes: who holds the lease, for `term` by the
  // time of the database's server. Takes it when nobody has it, or renews it; false: another one
  // has it.
  Expected<bool> HoldProbeLease(std::string_view holder, std::chrono::milliseconds term);
  // Gives it back, if `holder` has it.
  [[nodiscard]] Expected<void> ReleaseProbeLease(std::string_view holder);
  // Replaces what was found before of the same backends. kAborted: the lease is gone.
  [[nodiscard]] Expected<void> SaveProbes(std::string_view holder,
                                          const std::vector<model::ProbeResult>& results);
  // What was measured within `valid_for`, by backend.
  Expected<std::vector<model::ProbeResult>> LoadProbes(std::chrono::milliseconds valid_for);

  // Remembers, or renews, that `backend_id` answers for `suffix`; drops outlived sightings.
  [[nodiscard]] Expected<void> SaveSuffix(std::string_view suffix, std::string_view backend_id);
  // Those within the retention, oldest first.
  Expected<std::vector<SuffixSighting>> LoadSuffixes();

  // --- History and audit log.

  // One transaction; an id that is there already is replaced.
  [[nodiscard]] Expected<void> SaveQueries(std::span<const QueryRecord> records);
  // Saves a record unless there is one with its id, which stays then. Is what is there now the same
  // as this one? Writers of the configuration are not waited for.
  Expected<bool> AddQuery(const QueryRecord& query);
  // kNotFound: no such query.
  Expected<QueryRecord> FindQuery(std::string_view id);
  // A page ends at QueryFilter::max_bytes, too.
  Expected<QueryPage> ListQueries(const QueryFilter& filter);
  // Deletes at most `at_most` of the records from before `older_than`, oldest first; returns how
  // many.
  Expected<std::uint64_t> PurgeQueries(Clock::WallTime older_than, std::size_t at_most);

  // Written by ConfigurationEdit::Audit().
  Expected<AuditPage> ListAudit(const AuditFilter& filter);
  // Deletes those of the `at_most` oldest entries that are from before `older_than`, but never the
  // newest entry of all; returns how many.
  Expected<std::uint64_t> PurgeAudit(Clock::WallTime older_than, std::size_t at_most);

 private:
  Store(std::unique_ptr<Database> database, const Clock& clock, OnMigrated on_migrated);

  // Brings the schema up to date, once.
  Expected<void> EnsureReady();
  StoredConfiguration Cached() const;
  void Remember(const StoredConfiguration& loaded);

  const Clock& clock_;
  const OnMigrated on_migrated_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<ChangeListener> listener_;
  std::atomic<bool> ready_{false};
  std::timed_mutex ready_mutex_;
  mutable std::mutex cache_mutex_;
  StoredConfiguration cached_;  // guarded by cache_mutex_; without a configuration at first
};

}  // namespace gateway::store
