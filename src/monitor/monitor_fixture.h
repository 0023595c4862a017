// Coordinators and a monitor that probes them, on one loop. For *_test.cc only.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "monitor/fake_coordinator.h"
#include "monitor/monitor.h"
#include "monitor/moved_clock.h"

namespace gateway::monitor {

using model::Health;

class MonitorTest : public testing::Test {
 protected:
  MonitorTest() {
    options_.interval = std::chrono::milliseconds(20);
    options_.unhealthy_interval = std::chrono::milliseconds(10);
    SetTimeouts(std::chrono::seconds(20));  // only a hang reaches it
    options_.on_suffix = [this](std::string_view suffix, std::string_view id) {
      suffixes_.emplace_back(suffix, id);
    };
  }

  ~MonitorTest() override { StopMonitor(); }

  void SetTimeouts(std::chrono::milliseconds timeout) {
    for (auto& step : options_.probe.steps) step.timeout = timeout;
    options_.probe.load_timeout = timeout;
  }

  void StopMonitor() {
    if (!monitor_) return;
    monitor_->Stop();
    for (const auto& [id, coordinator] : coordinators_) coordinator->Stop();
    io_.run_for(std::chrono::seconds(30));
    EXPECT_TRUE(io_.stopped()) << "a probe outlives its monitor";
    monitor_.reset();
  }

  FakeCoordinator& Coordinator(const std::string& id) {
    auto& coordinator = coordinators_[id];
    if (!coordinator) coordinator = std::make_unique<FakeCoordinator>(io_);
    return *coordinator;
  }

  // Declares the backends of these ids and no others.
  void Declare(const std::vector<std::string>& ids) {
    model::Configuration configuration;
    for (const auto& id : ids) {
      configuration.backends.push_back({.id = id, .url = Coordinator(id).url()});
    }
    registry_.ReplaceFile(std::move(configuration), "adhoc");
  }

  void StartMonitor() {
    monitor_.emplace(options_, io_, clock_, registry_, *logger_, metrics_);
    monitor_->Start();
  }

  model::BackendStatus Status(std::string_view id) {
    const auto snapshot = registry_.Current();
    const auto* state = snapshot->FindBackend(id);
    return state ? state->status : model::BackendStatus{};
  }

  // Runs the loop until `condition` holds.
  template <typename Condition>
  [[nodiscard]] bool Until(Condition condition) {
    const auto patience = clock_.Now() + std::chrono::seconds(30);
    while (!condition() && clock_.Now() < patience) io_.run_one_for(std::chrono::milliseconds(100));
    return condition();
  }
  [[nodiscard]] bool UntilHealthIs(std::string_view id, Health health) {
    return Until([&] { return Status(id).health == health; });
  }

  MovedClock clock_;
  std::optional<telemetry::Logger> logger_{telemetry::Level::kError};
  telemetry::Metrics metrics_;
  model::Registry registry_{clock_, "adhoc"};
  http::asio::io_context io_{1};
  MonitorOptions options_;
  std::map<std::string, std::unique_ptr<FakeCoordinator>> coordinators_;
  std::vector<std::pair<std::string, std::string>> suffixes_;
  std::optional<Monitor> monitor_;
};

}  // namespace gateway::monitor
