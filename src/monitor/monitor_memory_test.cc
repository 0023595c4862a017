// What the monitor keeps does not grow with the number of probes.

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <malloc.h>

#include "base/clock.h"
#include "monitor/fake_coordinator.h"
#include "monitor/monitor.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#include <sanitizer/allocator_interface.h>
#define GATEWAY_SANITIZER_ALLOCATOR
#endif
#endif

namespace gateway::monitor {
namespace {

using namespace std::chrono_literals;

// Of the whole program, and not freed.
std::size_t AllocatedBytes() {
#ifdef GATEWAY_SANITIZER_ALLOCATOR
  return __sanitizer_get_current_allocated_bytes();
#else
  const auto used = mallinfo2();
  return used.uordblks + used.hblkhd;
#endif
}

// The proportions are those of 500 backends of which 50 hang and 50 flap; what is kept is kept for
// each backend, so more of them show nothing else.
constexpr int kBackends = 10;
constexpr int kHanging = 0;
constexpr int kFlapping = 1;
// Of probes every five seconds.
constexpr int kRoundsAMinute = 12;
constexpr int kMinutes = 60;

class MonitorMemory : public testing::Test {
 protected:
  MonitorMemory() {
    model::Configuration configuration;
    for (int i = 0; i < kBackends; ++i) {
      auto& coordinator = *coordinators_.emplace_back(std::make_unique<FakeCoordinator>(io_));
      coordinator.behaviour.hangs = i == kHanging;
      coordinator.behaviour.suffix = "sfx0" + std::to_string(i);
      configuration.backends.push_back({.id = Id(i), .url = coordinator.url()});
    }
    registry_.ReplaceFile(std::move(configuration), "all");
    MonitorOptions options;
    // Hours pass as fast as probes can be made.
    options.interval = options.unhealthy_interval = 1ms;
    options.hysteresis.fall = 1;
    for (auto& step : options.probe.steps) step.timeout = 20s;
    options.probe.steps[0].timeout = 10ms;
    options.probe.load_timeout = 20s;
    monitor_.emplace(options, io_, clock_, registry_, logger_, metrics_);
    monitor_->Start();
  }

  ~MonitorMemory() override {
    monitor_->Stop();
    for (const auto& coordinator : coordinators_) coordinator->Stop();
    io_.run_for(30s);
  }

  static std::string Id(int i) { return "c" + std::to_string(i); }

  std::size_t ProbesOf(const FakeCoordinator& coordinator) const {
    return coordinator.Count("GET", "/v1/info");
  }

  // Every backend that answers is probed as often as in a minute; the flapping one goes down or
  // comes back.
  void PassAMinute(int minute) {
    auto& flapping = coordinators_[kFlapping]->behaviour;
    flapping.info_answer = minute % 2 == 0 ? "" : http::Answer(503, "down");
    const auto patience = clock_.Now() + 60s;
    const auto over = [this] {
      return std::ranges::all_of(coordinators_, [this](const auto& coordinator) {
        return coordinator->behaviour.hangs || ProbesOf(*coordinator) >= kRoundsAMinute;
      });
    };
    while (!over() && clock_.Now() < patience) io_.run_for(5ms);
    ASSERT_TRUE(over());
    for (const auto& coordinator : coordinators_) coordinator->Forget();
  }

  const SystemClock clock_;
  http::asio::io_context io_{1};
  telemetry::Logger logger_{telemetry::Level::kError};
  telemetry::Metrics metrics_;
  model::Registry registry_{clock_, "all"};
  std::vector<std::unique_ptr<FakeCoordinator>> coordinators_;
  std::optional<Monitor> monitor_;
};

TEST_F(MonitorMemory, StaysFlatOverTheProbesOfAnHour) {
  // Twice the hour's changes make the history of the flapping one full before it is measured.
  for (int i = 0; i < 2 * static_cast<int>(model::HealthHistory::kMaxChanges); ++i) {
    registry_.MarkHealth(Id(kFlapping), i % 2 == 0);
  }
  std::size_t at_minute_10 = 0;
  for (int minute = 1; minute <= kMinutes; ++minute) {
    ASSERT_NO_FATAL_FAILURE(PassAMinute(minute));
    if (minute == 10) at_minute_10 = AllocatedBytes();
  }
  const auto at_minute_60 = AllocatedBytes();
  ASSERT_GT(at_minute_10, 0U);
  // Three bytes for each of the 5400 probes between the two, since what is under way at the moments
  // of measuring differs: anything that was kept of a probe would be more.
  EXPECT_LT(at_minute_60, at_minute_10 + 16 * 1024);
  EXPECT_EQ(registry_.History(Id(kFlapping)).size(), model::HealthHistory::kMaxChanges);
  EXPECT_EQ(registry_.Current()->FindBackend(Id(2))->status.health, model::Health::kHealthy);
  EXPECT_NE(registry_.Current()->FindBackend(Id(kHanging))->status.health, model::Health::kHealthy);
}

}  // namespace
}  // namespace gateway::monitor
