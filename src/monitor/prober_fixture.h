// One coordinator and a prober that probes it. For *_test.cc only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include "monitor/fake_coordinator.h"
#include "monitor/moved_clock.h"
#include "monitor/prober.h"

namespace gateway::monitor {

using Outcome = Findings::Outcome;

class ProberTest : public testing::Test {
 protected:
  ProberTest() {
    http::asio::co_spawn(io_, deadlines_.Run(), [](const std::exception_ptr&) {});
  }

  ~ProberTest() override {
    coordinator_.Stop();
    deadlines_.Stop();
    io_.run_for(std::chrono::seconds(10));
  }

  // `meanwhile` is called after each event.
  Findings Probe(const Memory& memory = {}, const std::function<void()>& meanwhile = [] {}) {
    // Shared, since a probe that never ends outlives this call.
    const auto result = std::make_shared<std::optional<Findings>>();
    const ProbeTarget target{coordinator_.url(),
                             std::make_shared<const PreparedSettings>(settings_),
                             draining_,
                             only_lists_,
                             shared_,
                             counters_};
    http::asio::co_spawn(
        io_, prober_.Probe(target, memory),
        [result](const std::exception_ptr&, Findings findings) { *result = std::move(findings); });
    const auto patience = clock_.Now() + std::chrono::seconds(150);
    while (!*result && clock_.Now() < patience) {
      io_.run_one_for(std::chrono::seconds(1));
      meanwhile();
    }
    if (!*result) ADD_FAILURE() << "the probe never ended";
    return result->value_or(Findings{});
  }

  // As after a good probe: no probe query is needed.
  static Memory Healthy(double uptime) {
    Memory memory;
    memory.status.health = model::Health::kHealthy;
    memory.uptime = uptime;
    return memory;
  }

  MovedClock clock_;
  // Only a hang reaches the timeouts.
  static ProbeSettings PatientSettings() {
    ProbeSettings settings;
    settings.credentials.user = "probe-user";
    for (auto& step : settings.steps) step.timeout = std::chrono::seconds(20);
    settings.load_timeout = std::chrono::seconds(20);
    return settings;
  }
  void SetTimeouts(std::chrono::milliseconds timeout) {
    for (auto& step : settings_.steps) step.timeout = timeout;
  }

  ProbeSettings settings_ = PatientSettings();
  bool draining_ = false;
  bool only_lists_ = false;
  std::optional<model::ProbeResult> shared_;
  std::shared_ptr<model::BackendCounters> counters_;
  http::asio::io_context io_{1};
  http::Deadlines deadlines_{io_, clock_};
  http::ControlClient client_{io_, deadlines_};
  Prober prober_{client_, clock_};
  FakeCoordinator coordinator_{io_};
};

}  // namespace gateway::monitor
