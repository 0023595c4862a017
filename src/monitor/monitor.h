// Probes all backends at an interval and publishes what it finds.
//
// Each backend has a coroutine of its own, so one that hangs delays nobody. A backend that failed
// its last probe is probed more often, so that a dead one is out soon and gets traffic soon after
// it is back. Threads: everything on the event loop of `io`, but for Nudge(), which may come from
// any thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "http/asio.h"
#include "http/control_client.h"
#include "http/deadlines.h"
#include "model/registry.h"
#include "monitor/prober.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace gateway::monitor {

struct MonitorOptions {
  std::chrono::milliseconds interval{10'000};
  std::chrono::milliseconds unhealthy_interval{2'000};  // at most `interval`
  int fall = 2;  // failed probes in a row that make a healthy backend unhealthy
  ProbeOptions probe;
  // A coordinator's suffix was learned.
  std::function<void(std::string_view suffix, std::string_view backend_id)> on_suffix;
};

class Monitor {
 public:
  // All references must outlive the monitor, `io` must have run dry before it ends, and `registry`
  // must not publish after that.
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

  // The data path failed to reach this backend: probe it now, at most once a second.
  void Nudge(std::string_view backend_id);

  // Has every backend been probed at least once?
  bool ProbedAll() const;

 private:
  struct Task;

  static void End(Task& task);
  void Spawn(http::Awaitable<void> watch);
  void StopDeadlines();
  void Follow(const model::SnapshotPtr& snapshot);
  http::Awaitable<void> Watch(std::shared_ptr<Task> task);
  http::Awaitable<void> Wait(Task& task);
  void Conclude(Task& task, const Findings& findings);
  void Announce(const Task& task, const Memory& before, const Findings& findings);

  const MonitorOptions options_;
  http::asio::io_context& io_;
  const Clock& clock_;
  model::Registry& registry_;
  telemetry::Logger& logger_;
  telemetry::Metrics& metrics_;
  http::Deadlines deadlines_;
  http::ControlClient client_;
  Prober prober_;
  SystemRandom random_;
  bool stopped_ = false;
  int running_ = 0;  // coroutines of backends, also of those that are gone but have not noticed yet
  std::map<std::string, std::shared_ptr<Task>, std::less<>> tasks_;
};

}  // namespace gateway::monitor
