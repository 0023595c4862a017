// What the monitor keeps of one backend; for its own files only.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "monitor/findings.h"
#include "monitor/monitor.h"
#include "monitor/submission_log.h"
#include "monitor/uptime.h"

namespace gateway::monitor {

// One backend under watch; its coroutine goes on until it notices `ended`.
struct Monitor::Task {
  Task(http::asio::io_context& io, model::Backend declared)
      : backend(std::move(declared)), uptime(backend.uptime_schedule), timer(io.get_executor()) {}

  void End() {
    ended = true;
    timer.cancel();
  }
  // The next probe is due at `time`, or when it is due already. While one is under way, that asks
  // for another one after it.
  void ProbeBy(Clock::TimePoint time) {
    next_probe = std::min(next_probe, time);
    timer.cancel();
  }
  // Off schedule, a coordinator is asked at most for what a drain waits for.
  bool Rests() const { return off && !backend.draining; }

  model::Backend backend;
  Uptime uptime;
  http::Timer timer;
  Memory memory;
  std::shared_ptr<const model::BackendCounters> counters;
  SubmissionLog submissions;
  Clock::TimePoint last_probe{};
  Clock::TimePoint next_probe{};
  Clock::TimePoint load_measured{};
  std::string failed_meanwhile;    // class of the last failure since the probe under way began
  bool doubted_meanwhile = false;  // there was one, or something that says less
  Clock::WallTime minute{};        // for which the schedule was asked
  bool off = false;                // off schedule
  bool probed = false;
  bool ended = false;
};

}  // namespace gateway::monitor
