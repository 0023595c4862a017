// Probes all backends at an interval and publishes what it finds.
//
// Each backend has a coroutine of its own, so one that hangs delays nobody. A backend that failed
// its last probe is probed more often, so that a dead one is out soon and gets traffic soon after
// it is back. Backends outside of their uptime_schedule are not probed; while one is drained, it is
// asked what still runs there.
// Threads: everything on the event loop of `io`, but for ReportFailure() and ReportDoubt(), which
// may come from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "http/asio.h"
#include "http/control_client.h"
#include "http/deadlines.h"
#include "model/registry.h"
#include "model/shared_probes.h"
#include "monitor/announcer.h"
#include "monitor/ejector.h"
#include "monitor/error_ejector.h"
#include "monitor/findings.h"
#include "monitor/prober.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace gateway::monitor {

using SettingsById = std::map<std::string, ProbeSettings, std::less<>>;

struct MonitorOptions {
  std::chrono::milliseconds interval{10'000};
  std::chrono::milliseconds unhealthy_interval{2'000};  // at most `interval`
  Hysteresis hysteresis;
  std::chrono::milliseconds stats_valid_for{60'000};  // an older load is unknown
  ProbeSettings probe;                                // of backends that are not in `backends`
  SettingsById backends;
  // What instances tell each other; must outlive the monitor. Null: each one probes for itself.
  model::SharedProbes* shared = nullptr;
  // A coordinator's suffix was learned.
  std::function<void(std::string_view suffix, std::string_view backend_id)> on_suffix;
};

class Monitor {
 public:
  // All references must outlive the monitor, `io` must have run dry before it ends, and `registry`
  // must not publish after that. It announces what changes there from now on.
  Monitor(MonitorOptions options,
          http::asio::io_context& io,
          const Clock& clock,
          model::Registry& registry,
          telemetry::Logger& logger,
          telemetry::Metrics& metrics);
  ~Monitor();

  // Follows the registry's backends from now on; the first probes begin at once.
  void Start();
  // Ends all probes; the loop runs dry once they have noticed, at the latest when their timeout is
  // over. Can be called again.
  void Stop();

  // How single backends are probed from the next time on; all others as the options say. Files of
  // certificates are read anew.
  void UseSettings(const SettingsById& backends);

  // The data path got no answer from this backend: `failure_class` is "refused", "http_503", ...
  // It counts as a failed probe, once until the next one, and that comes at once, but not within a
  // second of the last.
  void ReportFailure(std::string_view backend_id, std::string_view failure_class);

  // The same of a request that says less about the cluster, as it is one of many about a query. A
  // probe comes as well, and only that counts: polls go on where new queries do not, and would keep
  // a cluster out of which nothing else is wrong.
  void ReportDoubt(std::string_view backend_id, std::string_view failure_class);

  // Has every backend been probed at least once? Those that are off schedule need not be.
  bool ProbedAll() const;

  // What time alone brings: schedules begin and end, loads get too old, changes of load are
  // published. Called ten times a second once it runs.
  void Tend();

 private:
  struct Task;
  using Prepared = std::shared_ptr<const PreparedSettings>;

  void Spawn(http::Awaitable<void> watch);
  void StopTimers();
  void Note(const model::SnapshotPtr& snapshot);
  model::SnapshotPtr TakeNoted();
  void EndTasksBut(const model::Snapshot& snapshot);
  void Follow(const model::SnapshotPtr& snapshot);
  void KeepSchedule(Task& task, Clock::WallTime now);
  void ExpireLoad(Task& task, Clock::TimePoint now);
  void NoteSubmissions(Task& task, Clock::TimePoint now);
  void FollowLeader(Clock::TimePoint now);
  void Heed(Task& task, const model::ProbeResult& found, Clock::TimePoint now);
  std::optional<model::ProbeResult> SharedOf(const Task& task) const;
  std::chrono::milliseconds Jitter(std::chrono::milliseconds most);
  void JudgeLatency(Clock::TimePoint now);
  void JudgeErrors(Clock::TimePoint now);
  void Settle(const std::vector<EjectionChange>& changes, std::string_view failure_class);
  // `counts`: as a failed probe.
  void TakeFailure(const std::string& backend_id, const std::string& failure_class, bool counts);
  static bool AreTwins(const Task& one, const Task& other);
  void FindTwins(Task& task);
  bool NameTwin(Task& task);
  std::string NewestForeignId() const;
  void Share(const Task& task, const Findings& findings);
  void Conclude(Task& task, const Findings& findings);
  void KeepLiving(const Task& task, const Findings& findings);
  Prepared SettingsOf(std::string_view backend_id) const;
  http::Awaitable<void> Watch(std::shared_ptr<Task> task);
  http::Awaitable<void> Wait(Task& task);
  http::Awaitable<void> TendAlways();

  const MonitorOptions options_;
  http::asio::io_context& io_;
  const Clock& clock_;
  model::Registry& registry_;
  telemetry::Metrics& metrics_;
  Announcer announcer_;
  http::Deadlines deadlines_;
  http::ControlClient client_;
  Prober prober_;
  http::Timer tend_timer_;
  SystemRandom random_;
  const Clock::WallTime began_;
  const Prepared default_settings_;
  std::map<std::string, Prepared, std::less<>> settings_;
  std::mutex noted_mutex_;
  model::SnapshotPtr noted_;                         // to be followed; null: none
  bool led_ = false;                                 // did this instance probe for all?
  std::uint64_t shared_version_ = 0;                 // of what was heeded last
  std::shared_ptr<const model::Declared> declared_;  // of the last one that was noted
  Clock::WallTime minute_{};                         // that schedules were asked for
  Clock::TimePoint last_second_{};                   // when what is done once a second was done
  Ejector ejector_;
  ErrorEjector error_ejector_;
  bool judges_latency_ = false;  // some settings have asked for it
  bool stopped_ = false;
  int running_ = 0;  // coroutines of backends, also of those that are gone but have not noticed yet
  std::map<std::string, std::shared_ptr<Task>, std::less<>> tasks_;
};

}  // namespace gateway::monitor
