#include "store/database.h"

#include <algorithm>

#include <fmt/format.h>
#include <soci/mysql/soci-mysql.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/sqlite3/soci-sqlite3.h>

namespace gateway::store {
namespace {

using std::chrono::milliseconds;

// Of a write that meets others; each attempt waits for them, so more would not help.
constexpr int kMaxAttempts = 5;
constexpr std::chrono::minutes kMigrationPatience{30};

const soci::backend_factory& FactoryOf(Engine engine) {
  switch (engine) {
    case Engine::kSqlite:
      return soci::sqlite3;
    case Engine::kPostgresql:
      return soci::postgresql;
    case Engine::kMysql:
      return soci::mysql;
  }
  return soci::sqlite3;
}

bool IsTransaction(Engine engine, Access access) {
  if (access == Access::kMigrate) return HasTransactionalSchema(engine);
  return access != Access::kStatement && access != Access::kLook;
}

bool Writes(Access access) {
  return access == Access::kWrite || access == Access::kEdit || access == Access::kMigrate;
}

}  // namespace

// One place in the pool, and the connection that takes it up; both go back at the end.
class Database::Lease {
 public:
  Lease(Database& database, std::unique_ptr<soci::session> session)
      : session(std::move(session)), database_(database) {}
  ~Lease() { database_.Return(std::move(session)); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  std::unique_ptr<soci::session> session;  // nothing: the place only

 private:
  Database& database_;
};

// How far a piece of work has come.
struct Database::Progress {
  bool begun = false;       // the connection was alive
  bool committing = false;  // it may be in force even when we see an error
};

// How one attempt ended.
struct Database::Outcome {
  Expected<void> result;
  bool again = false;  // nothing was changed, and another attempt may do better
};

Database::Database(StoreUrl url, StoreOptions options)
    : url_(std::move(url)),
      options_(std::move(options)),
      limit_(url_.InMemory() ? 1 : std::max<std::size_t>(1, options_.connections)) {}

Expected<std::unique_ptr<soci::session>> Database::Connect(std::string_view what,
                                                           Access access,
                                                           std::string_view statement) {
  try {
    auto session =
        std::make_unique<soci::session>(FactoryOf(url_.engine), ConnectString(url_, options_));
    const Watchdog::Guard guard(watchdog_, SocketOf(*session, url_.engine),
                                options_.connect_timeout);
    Configure(*session, url_.engine, options_, access);
    if (!statement.empty()) *session << statement;
    return session;
  } catch (const std::exception& error) {
    const auto failure = Explain(url_, error, true);
    return std::unexpected(ToError(fmt::format("{} ({})", what, url_.ToDisplay()), failure));
  }
}

Expected<void> Database::RunBody(Access access, std::string_view what, const Body& body) {
  std::unique_lock<std::timed_mutex> writing(write_mutex_, std::defer_lock);
  if (url_.engine == Engine::kSqlite && Writes(access) &&
      !writing.try_lock_for(options_.acquire_timeout)) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("{}: other writes take too long; try again", what), Origin::kStore);
  }
  for (int attempt = 1;; ++attempt) {
    auto outcome = TryBody(access, what, body);
    if (!outcome.again || attempt == kMaxAttempts) return std::move(outcome.result);
  }
}

Database::Outcome Database::TryBody(Access access, std::string_view what, const Body& body) {
  auto taken = Take(what);
  if (!taken) return {std::unexpected(std::move(taken).error())};
  Lease lease(*this, *std::move(taken));
  const bool reused = lease.session != nullptr;
  if (!reused) {
    // Outside the lock of the pool: this may take as long as connect_timeout.
    auto session = Connect(what, access);
    if (!session) return {std::unexpected(std::move(session).error())};
    lease.session = *std::move(session);
  }
  Progress progress;
  try {
    RunOn(*lease.session, access, body, progress);
    // The end of its connection is the end of MySQL's lock on migrations.
    if (access == Access::kMigrate && !HasTransactionalSchema(url_.engine)) lease.session.reset();
    return {};
  } catch (const std::exception& error) {
    auto failure = Explain(url_, error);
    CleanUp(lease, failure, progress.begun && IsTransaction(url_.engine, access));
    if (failure.broken && progress.committing) {
      failure.text += "; whether the change was saved is not known: look before you repeat it";
    }
    const bool repeatable = !progress.begun || access == Access::kStatement;
    const bool stale = failure.broken && reused && repeatable;
    const bool again = stale || (failure.collided && access == Access::kWrite);
    return {std::unexpected(ToError(what, failure)), again};
  }
}

void Database::RunOn(soci::session& sql, Access access, const Body& body, Progress& progress) {
  const Watchdog::Guard guard(watchdog_, SocketOf(sql, url_.engine), Patience(access));
  const bool transaction = IsTransaction(url_.engine, access);
  if (transaction) Begin(sql, url_.engine, access);
  progress.begun = true;
  const bool succeeded = body(sql);
  if (!transaction) return;
  progress.committing = succeeded;
  sql << (succeeded ? "COMMIT" : "ROLLBACK");
}

// Leaves a connection without a transaction, or none.
void Database::CleanUp(Lease& lease, const Failure& failure, bool in_transaction) {
  if (failure.broken) {
    lease.session.reset();
    DropIdle();  // what broke this one broke its siblings, most likely
    return;
  }
  if (!in_transaction) return;
  try {
    const Watchdog::Guard guard(watchdog_, SocketOf(*lease.session, url_.engine),
                                options_.statement_timeout);
    *lease.session << "ROLLBACK";
  } catch (const std::exception&) {
    // SQLite has rolled back by itself after some errors. From a server this is worth nothing now.
    if (url_.engine != Engine::kSqlite) lease.session.reset();
  }
}

// A connection that waits for work; nothing: the caller may open one.
Expected<std::unique_ptr<soci::session>> Database::Take(std::string_view what) {
  std::unique_lock lock(mutex_);
  if (!returned_.wait_for(lock, options_.acquire_timeout, [&] { return in_use_ < limit_; })) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("{}: all {} connections to the database are busy; try again, or raise "
                            "store.connections",
                            what, limit_),
                Origin::kStore);
  }
  ++in_use_;
  if (idle_.empty()) return nullptr;
  auto session = std::move(idle_.back());
  idle_.pop_back();
  return session;
}

void Database::Return(std::unique_ptr<soci::session> session) {
  {
    const std::lock_guard lock(mutex_);
    --in_use_;
    if (session) idle_.push_back(std::move(session));
  }
  returned_.notify_one();
}

void Database::DropIdle() {
  std::vector<std::unique_ptr<soci::session>> dropped;  // closed outside the lock
  const std::lock_guard lock(mutex_);
  dropped.swap(idle_);
}

milliseconds Database::Patience(Access access) const {
  if (access == Access::kMigrate) return kMigrationPatience;
  return 2 * options_.statement_timeout;  // for a few statements; the server ends each of them
}

}  // namespace gateway::store
