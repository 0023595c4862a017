// A pool of connections to one database, and the one place where its exceptions become errors.
//
// Connections are opened when they are needed, up to StoreOptions::connections (one for an
// in-memory database). A connection that the server has dropped meanwhile is noticed when work
// begins on it and replaced, so the server may restart between calls without any of them failing.
// Private to this room: SOCI is a heavy header, so only .cc files here include this one.
// Threads: all calls from any thread. They block: for a connection at most acquire_timeout, for a
// server that does not answer at most twice statement_timeout.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <soci/soci.h>

#include "base/error.h"
#include "store/database_error.h"
#include "store/dialect.h"
#include "store/store_options.h"
#include "store/store_url.h"
#include "store/watchdog.h"

namespace gateway::store {

class Database {
 public:
  // Does not connect.
  Database(StoreUrl url, StoreOptions options);

  // Runs `body(session)`, which returns an Expected, in the way that `access` says. A transaction
  // is committed when it returns a value, rolled back when it returns an error or throws. `what`
  // starts the message of an error that the database raised: "cannot save backend 'c1'".
  // kUnavailable: no connection, or the database is down, locked, full, ...; when it came while the
  // commit was under way, the change may be there or not, and the message says so.
  template <typename Body>
  auto Run(Access access, std::string_view what, Body body)
      -> decltype(body(std::declval<soci::session&>())) {
    std::optional<decltype(body(std::declval<soci::session&>()))> result;
    auto done = RunBody(access, what, [&](soci::session& sql) {
      result.emplace(body(sql));
      return result->has_value();
    });
    if (!done) return std::unexpected(std::move(done).error());
    return *std::move(result);
  }

  // A connection that is not one of the pool and not counted, configured, without a transaction.
  Expected<std::unique_ptr<soci::session>> Connect(std::string_view what,
                                                   Access access = Access::kStatement);

  Engine engine() const { return url_.engine; }
  const StoreUrl& url() const { return url_; }
  const StoreOptions& options() const { return options_; }

 private:
  using Body = std::function<bool(soci::session&)>;
  class Lease;
  struct Progress;
  struct Outcome;

  Expected<void> RunBody(Access access, std::string_view what, const Body& body);
  Outcome TryBody(Access access, std::string_view what, const Body& body);
  void RunOn(soci::session& sql, Access access, const Body& body, Progress& progress);
  void CleanUp(Lease& lease, const Failure& failure, bool in_transaction);
  Expected<std::unique_ptr<soci::session>> Take(std::string_view what);
  void Return(std::unique_ptr<soci::session> session);
  void DropIdle();
  std::chrono::milliseconds Patience(Access access) const;

  const StoreUrl url_;
  const StoreOptions options_;
  const std::size_t limit_;
  std::timed_mutex write_mutex_;  // SQLite's writers: in here they queue up fairly
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<soci::session>> idle_;  // guarded by mutex_
  std::size_t in_use_ = 0;                            // guarded by mutex_
  Watchdog watchdog_;
};

}  // namespace gateway::store
