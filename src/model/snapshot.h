// Everything that routing needs to know at one moment: immutable, shared by all workers.
//
// A worker takes the pointer once per exchange, so a decision never mixes two states. What does
// change under it are the counters, which all snapshots of a backend or group share.
// Threads: immutable but for the counters, which are atomic or have their own lock.
// Memory: one for each change of configuration, health or load; freed with its last reader.
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
  std::uint64_t submissions_seen = 0;  // BackendCounters::submissions when that was measured
  std::string load_reason;             // why the load is unknown; may be empty
  ClusterFigures figures;              // at the last probe
  Clock::WallTime changed{};           // when `health` last changed

  bool operator==(const BackendStatus&) const = default;
};

// Counters of a backend that live as long as it is declared.
struct BackendCounters {
  std::atomic<std::int64_t> in_flight{0};     // exchanges being relayed now
  std::atomic<std::int64_t> remote_in_flight{0};  // the same by other instances of the gateway
  std::atomic<std::uint64_t> submissions{0};  // statements sent to it, ever
  LiveQueries live;                           // what a drain has to wait for
};

struct BackendState {
  Backend backend;
  BackendStatus status;
  std::shared_ptr<BackendCounters> counters;  // never null

  // May a new query be placed here?
  bool Eligible() const { return backend.enabled && status.health == Health::kHealthy; }
  // Why not, for people; empty when eligible.
  std::string_view IneligibleReason() const;
  // "disabled", "draining", or the name of its health. Static storage.
  std::string_view StateName() const;
  // What would be lost if it went away now, as far as this instance knows.
  DrainState Left(Clock::TimePoint now) const;
  // Queries thought to be on it now: the probed load plus what we submitted since, or our own
  // in-flight exchanges while no load is known.
  double Load() const;
};

// The state of a group's strategy, shared by all workers.
struct GroupCursor {
  std::mutex mutex;  // held for a handful of instructions, never over I/O
  std::uint64_t next = 0;
};

struct GroupState {
  Group group;
  std::vector<const BackendState*> members;  // in declared order, owned by the snapshot
  std::shared_ptr<GroupCursor> cursor;       // never null
};

class Snapshot {
 public:
  struct Parts {
    std::vector<std::unique_ptr<const BackendState>> backends;
    std::vector<GroupState> groups;
    std::vector<Policy> policies;
    std::string default_group;
    std::uint64_t version = 0;
  };
  explicit Snapshot(Parts parts);

  // Null when there is none. Holds as long as the snapshot.
  const BackendState* FindBackend(std::string_view id) const;
  const GroupState* FindGroup(std::string_view id) const;

  const std::vector<std::unique_ptr<const BackendState>>& backends() const {
    return parts_.backends;
  }
  const std::vector<GroupState>& groups() const { return parts_.groups; }
  // Ordered by id; enabled ones and others.
  const std::vector<Policy>& policies() const { return parts_.policies; }
  const std::string& default_group() const { return parts_.default_group; }
  // Grows by one with each published snapshot.
  std::uint64_t version() const { return parts_.version; }

 private:
  Parts parts_;
};

}  // namespace gateway::model
