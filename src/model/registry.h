// The one owner of what is declared and what is known, and the publisher of Snapshots.
//
// Two configurations are laid over each other: that of the file and that of the store. Where both
// name an id, the file wins and the stored object is left out. Statuses come from the monitor.
// Threads: all calls from any thread. Listeners run on the caller's thread, one call at a time and
// in the order of versions; they must be quick and must not call back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/configuration.h"
#include "model/health_history.h"
#include "model/snapshot.h"

namespace gateway::model {

using SnapshotPtr = std::shared_ptr<const Snapshot>;

class Registry {
 public:
  // `clock` must outlive the registry.
  Registry(const Clock& clock, std::string default_group);

  // Takes the whole of one source's objects and publishes. A group's member, or a policy's group,
  // that is declared nowhere is left out of the snapshot (the policy then leads to the default
  // group): both sources may change independently.
  void ReplaceFile(Configuration configuration, std::string default_group);
  void ReplaceStored(Configuration configuration);

  // What is published at once; the rest waits for the next PublishPending().
  enum class Urgent : std::uint8_t {
    kAll,
    kHealth,  // that the health changed
  };

  // Takes over what a probe found. `status.changed` is set here. Unknown
  // ids are ignored: the backend was deleted while it was probed. Returns true when `health`
  // changed. With hundreds of backends a snapshot for each probe would be most of the monitor's
  // work, so it passes kHealth.
  bool ReportStatus(std::string_view backend_id,
                    BackendStatus status,
                    Urgent urgent = Urgent::kAll);
  // The same for a backend as it was probed: one that has the id by now but another address is
  // another cluster, of which nothing was found.
  bool ReportProbe(const Backend& probed, BackendStatus status, Urgent urgent = Urgent::kAll);
  void PublishPending();

  // Marks set by hand hold until the next report on the backend, or until ClearMarks(). They are
  // about health and load alone: one that is disabled, drained or off schedule stays out of choice.
  enum class MarksHold : std::uint8_t { kUntilReport, kUntilCleared };
  void SetMarksHold(MarksHold hold);
  MarksHold marks_hold() const;

  // Each says what is believed from now on, whatever probes found. False: no such backend.
  bool MarkHealth(std::string_view backend_id, bool healthy);
  bool SetLoad(std::string_view backend_id, double load);
  // What the last report said holds again.
  bool ClearMarks(std::string_view backend_id);

  // Takes a backend that probes find healthy out of choice because queries fare badly there, until
  // Readmit() of the same class or until it is marked healthy by hand. It shows as unhealthy, of
  // that class: "latency", "errors". False: a mark that it is healthy holds, so it stays.
  bool Eject(std::string_view backend_id, std::string_view failure_class, std::string reason);
  // Does that make it healthy? Probes, or an ejection of another class, may keep it out.
  bool Readmit(std::string_view backend_id, std::string_view failure_class);

  // What a worker noticed: the cluster refuses (or takes) forwarded headers.
  void ReportProcessForwarded(std::string_view backend_id, bool process_forwarded);

  // What is left to be done on a backend that is drained, over all instances of the gateway.
  // Nothing: no such backend.
  std::optional<DrainState> Left(std::string_view backend_id) const;

  // The last changes of a backend's state, oldest first.
  std::vector<HealthChange> History(std::string_view backend_id) const;

  // What goes through other instances of the gateway now, by backend; those not named have
  // nothing. Seen by the next decision; publishes nothing.
  using LeftByBackend = std::map<std::string, DrainState, std::less<>>;
  void ReportRemote(const LeftByBackend& left);
  // Nobody tells any more. What has to end before a drain is over stays as it was told last; loads
  // count for nothing.
  void ForgetRemote();
  // Since when ReportRemote() was called again and again, without ForgetRemote(). Nothing: it is
  // not known what others have.
  std::optional<Clock::TimePoint> RemoteKnownSince() const;

  SnapshotPtr Current() const;

  // `listener` is called now with the current snapshot and then after every change.
  void Subscribe(std::function<void(const SnapshotPtr&)> listener);

  // `listener` is called when it changes what a backend is, or why: BackendState::StateName(), the
  // health (which that hides while it is drained or disabled), the failure class or the reason. Not
  // for backends that come or go. For one listener, which must outlive what changes something.
  using StateListener = std::function<void(const BackendState& before, const BackendState& after)>;
  void OnStateChange(StateListener listener);

  // The file's objects, for telling who owns an id.
  Configuration FileConfiguration() const;

 private:
  // A change by hand that holds until it is cleared.
  struct Mark {
    std::optional<bool> healthy;
    std::optional<double> load;
  };
  // Why it is out though probes find it healthy.
  struct Ejection {
    std::string failure_class;
    std::string reason;
  };
  using Ejections = std::vector<Ejection>;
  // What outlives a reload, for each declared backend.
  struct Entry {
    BackendStatus status;
    BackendStatus reported;  // by the monitor, without what was marked since
    Mark mark;
    Ejections ejections;  // one for each class; the first one shows
    std::shared_ptr<BackendCounters> counters;
    std::shared_ptr<const BackendState> state;  // as of `status`; of the next snapshot, or the last
    HealthHistory history;
  };

  bool SetMark(std::string_view backend_id, const Mark& mark);
  // Puts what was set by hand into `status`; `submissions`: the counter's value now.
  static void Apply(const Mark& mark, std::uint64_t submissions, BackendStatus& status);
  static void ApplyEjections(const Ejections& ejections, BackendStatus& status);

  // These need mutex_.
  Entry* FindEntry(std::string_view backend_id);
  bool Report(Entry& entry, BackendStatus status, Urgent urgent);
  void Redeclare();
  void Settle(BackendStatus status, Entry& entry, Urgent urgent);
  void Refresh(Entry& entry, const Backend& backend);
  void Publish();

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::string default_group_;
  Configuration file_;
  Configuration stored_;
  bool file_known_ = false;    // was ReplaceFile() called yet?
  bool stored_known_ = false;  // was ReplaceStored()?
  std::shared_ptr<const Declared> declared_;
  std::vector<Entry> entries_;                         // of declared_->backends
  std::vector<std::shared_ptr<GroupCursor>> cursors_;  // of declared_->groups
  MarksHold marks_hold_ = MarksHold::kUntilReport;
  std::optional<Clock::TimePoint> remote_known_since_;
  bool pending_ = false;  // something is not published yet
  std::vector<std::function<void(const SnapshotPtr&)>> listeners_;
  StateListener state_listener_;
  SnapshotPtr current_;
};

}  // namespace gateway::model
