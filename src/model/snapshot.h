// Everything that routing needs to know at one moment: immutable, shared by all workers.
//
// An exchange takes the pointer when it has all to decide by, so a decision never mixes two states.
// What does change under it are the counters, which all snapshots of a backend or group share.
// Threads: immutable but for the counters, which are atomic or have their own lock.
// Memory: one for each change of configuration, health or load; freed with its last reader. What
// did not change (all that is declared, the state of the other backends) is shared with the one
// before, so that ten thousand policies cost nothing when a backend's load is reported.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/configuration.h"
#include "model/declared.h"
#include "model/live_queries.h"

namespace gateway::model {

enum class Health : std::uint8_t {
  kUnknown,      // never probed
  kStarting,     // answers, but cannot run queries yet
  kHealthy,      // a probe query succeeded and the last probes did
  kUnhealthy,    // probes fail
  kOffSchedule,  // outside of its uptime_schedule; not probed
};
std::string_view NameOf(Health health);

// What a cluster's load consists of; nothing: the source does not tell it.
struct ClusterFigures {
  std::optional<double> running;         // queries
  std::optional<double> queued;          // queries
  std::optional<double> blocked;         // queries, of the running ones
  std::optional<double> active_workers;  // as the source counts them
  std::optional<double> reserved_bytes;  // memory of all queries
  std::optional<double> cpu_seconds;     // used since the coordinator's start

  bool operator==(const ClusterFigures&) const = default;
};

// The `failure_class` of a backend that was marked unhealthy by hand.
inline constexpr std::string_view kMarkedClass = "marked";

// What the monitor has found out about a backend.
struct BackendStatus {
  Health health = Health::kUnknown;
  std::string reason = "not probed yet";  // why it is not healthy; empty when healthy
  std::string failure_class;  // the same in one word: "refused", "timeout"; may be empty
  bool marked = false;        // `health` or `load` was set by hand
  // http-server.process-forwarded of the cluster: may X-Forwarded-* be sent?
  bool process_forwarded = false;
  std::string coordinator_suffix;  // last part of its query ids since its last start; may be empty
  std::string version;             // "476"; may be empty
  std::string environment;         // node.environment; may be empty
  std::string coordinator_id;      // node.id of the coordinator; may be empty
  std::optional<bool> spooling;    // does it spool results? nothing: unknown
  std::string same_as;             // another backend that is the same coordinator; empty: none
  std::optional<double> load;      // at the last probe, weighted; nothing: unknown
  // BackendCounters::submissions when measuring that began: of later ones nothing is in it.
  std::uint64_t submissions_seen = 0;
  std::string load_reason;    // why the load is unknown; may be empty
  ClusterFigures figures;     // at the last probe
  Clock::WallTime changed{};  // when `health` last changed

  // Could no connection be made to it? Nothing that ran there can be reached any more then.
  bool Unreachable() const {
    return failure_class == "refused" || failure_class == "connect_timeout";
  }

  bool operator==(const BackendStatus&) const = default;
};

// Counters of a backend that live as long as it is declared.
struct BackendCounters {
  std::atomic<std::int64_t> in_flight{0};       // exchanges being relayed now
  std::atomic<std::uint64_t> submissions{0};    // statements sent to it, ever
  std::atomic<std::uint64_t> answers{0};        // of them, answered properly
  std::atomic<std::uint64_t> answer_micros{0};  // until the heads of those answers, in all
  // Submissions answered with an error of the server, or not at all.
  std::atomic<std::uint64_t> errors_in_row{0};
  LiveQueries live;  // what a drain has to wait for
  // It was declared after this instance knew what there was: nothing from before that runs there.
  bool added_later = false;
  // What other instances of the gateway said last of the same.
  std::atomic<std::int64_t> remote_in_flight{0};
  std::atomic<std::size_t> remote_queries{0};
  std::atomic<std::size_t> remote_transactions{0};
  std::atomic<bool> remote_spooled{false};

  // The status that a submission was answered with. 503 counts for nothing: the cluster starts or
  // stops, which probes see.
  void NoteStatus(int status) {
    if (status >= 500 && status != 503) {
      NoteNoAnswer();
    } else if (status < 500 && errors_in_row.load(std::memory_order_relaxed) > 0) {
      errors_in_row.store(0, std::memory_order_relaxed);
    }
  }

  // A submission could not be sent, or got no answer.
  void NoteNoAnswer() { errors_in_row.fetch_add(1, std::memory_order_relaxed); }

  // A submission was answered after `waited`. The two are read together, one answer more or less.
  void NoteAnswer(std::chrono::nanoseconds waited) {
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(waited).count();
    answers.fetch_add(1, std::memory_order_relaxed);
    answer_micros.fetch_add(static_cast<std::uint64_t>(micros), std::memory_order_relaxed);
  }
};

struct BackendState {
  Backend backend;
  BackendStatus status;
  std::shared_ptr<BackendCounters> counters;  // never null
  // Since when Up() holds, or held last: slow starts begin there, whether it recovered, was enabled
  // again, or its drain ended.
  Clock::WallTime up_since{};

  // May a new query be placed here, as far as this snapshot knows? Does not look at the load.
  bool Up() const {
    return backend.enabled && !backend.draining && status.health == Health::kHealthy;
  }
  // Is the load, which changes with each submission, known and above the limit?
  bool OverLimit() const {
    return backend.load_limit > 0 && status.load && Load() > backend.load_limit;
  }
  // May a new query be placed here now?
  bool Eligible() const { return Up() && !OverLimit(); }
  // Why not, for people; empty when eligible.
  std::string_view IneligibleReason() const;
  // "disabled", "draining", or the name of its health. Static storage.
  std::string_view StateName() const;
  // What would be lost if it went away now, of what goes through this instance.
  DrainState LeftHere(Clock::TimePoint now) const;
  // The same of all instances, as far as they have told. A query that was asked for through several
  // of them may count more than once.
  DrainState Left(Clock::TimePoint now) const;
  // Queries thought to be on it now: the probed load plus what we submitted since, or our own
  // in-flight exchanges while no load is known.
  double Load() const;
  // Exchanges being relayed now, by all instances of the gateway.
  std::int64_t InFlight() const;
};

// Where a group's strategy stands.
struct GroupTurn {
  std::uint64_t next = 0;
  std::uint64_t layout = 0;           // GroupPlan::layout that `credits` are for
  std::vector<std::int64_t> credits;  // of members, for turns by weight
};

// The state of a group's strategy, shared by all workers.
struct GroupCursor {
  std::mutex mutex;  // held for the pick alone, never over I/O
  GroupTurn turn;
};

struct GroupState {
  const Group& group;
  const GroupPlan& plan;
  std::vector<const BackendState*> members;  // as plan.members; owned by the snapshot
  std::vector<std::uint32_t> up;             // positions in `members` of those that are Up() and
                                             // have a weight, if the strategy goes by weights
  bool limited = false;                      // some of them have a load limit: ask OverLimit()
  Clock::WallTime ramps_until{};             // all of them have their full share from then on
  std::shared_ptr<GroupCursor> cursor;       // never null
};

class Snapshot {
 public:
  struct Parts {
    std::shared_ptr<const Declared> declared;
    std::vector<std::shared_ptr<const BackendState>> backends;  // of declared->backends
    std::vector<std::shared_ptr<GroupCursor>> cursors;          // of declared->groups
    std::uint64_t version = 0;
  };
  explicit Snapshot(Parts parts);
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  // Null when there is none. Holds as long as the snapshot.
  const BackendState* FindBackend(std::string_view id) const;
  const GroupState* FindGroup(std::string_view id) const;

  // All ordered by id; enabled ones and others.
  const std::vector<std::shared_ptr<const BackendState>>& backends() const {
    return parts_.backends;
  }
  const std::vector<GroupState>& groups() const { return groups_; }
  const std::vector<Policy>& policies() const { return parts_.declared->policies; }
  // The same object for all snapshots between two changes of what is declared.
  const std::shared_ptr<const Declared>& declared() const { return parts_.declared; }
  const std::vector<Rule>& rules() const { return parts_.declared->rules; }
  const PolicyIndex& index() const { return parts_.declared->index; }
  const std::string& default_group() const { return parts_.declared->default_group; }
  // Grows by one with each published snapshot.
  std::uint64_t version() const { return parts_.version; }

 private:
  GroupState StateOf(std::size_t group) const;

  Parts parts_;
  std::vector<GroupState> groups_;
};

}  // namespace gateway::model
