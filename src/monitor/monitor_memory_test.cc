// What the monitor keeps does not grow with the number of probes.

#include <algorithm>
#include <limits>
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
    options.probe.load_timeout = 20s;
    auto impatient = options.probe;
    impatient.steps[0].timeout = 10ms;
    options.backends[Id(kHanging)] = impatient;
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
  // comes back. Returns the least that was allocated, as buffers of probes under way come and go.
  std::size_t PassAMinute(int minute) {
    auto& flapping = coordinators_[kFlapping]->behaviour;
    flapping.info_answer = minute % 2 == 0 ? "" : http::Answer(503, "down");
    const auto patience = clock_.Now() + 60s;
    const auto over = [this] {
      return std::ranges::all_of(coordinators_, [this](const auto& coordinator) {
        return coordinator->behaviour.hangs || ProbesOf(*coordinator) >= kRoundsAMinute;
      });
    };
    auto least = AllocatedBytes();
    while (!over() && clock_.Now() < patience) {
      io_.run_for(2ms);
      least = std::min(least, AllocatedBytes());
    }
    EXPECT_TRUE(over());
    for (const auto& coordinator : coordinators_) {
      probes_ += ProbesOf(*coordinator);
      coordinator->Forget();
    }
    return least;
  }

  const SystemClock clock_;
  http::asio::io_context io_{1};
  telemetry::Logger logger_{telemetry::Level::kError};
  telemetry::Metrics metrics_;
  model::Registry registry_{clock_, "all"};
  std::vector<std::unique_ptr<FakeCoordinator>> coordinators_;
  std::optional<Monitor> monitor_;
  std::size_t probes_ = 0;  // so far
};

TEST_F(MonitorMemory, StaysFlatOverTheProbesOfAnHour) {
  // All histories are full before anything is measured.
  for (int i = 0; i < 2 * static_cast<int>(model::HealthHistory::kMaxChanges); ++i) {
    for (int backend = 0; backend < kBackends; ++backend) {
      registry_.MarkHealth(Id(backend), i % 2 == 0);
    }
  }
  const auto least_of = [this](int from, int to) {
    auto least = std::numeric_limits<std::size_t>::max();
    for (int minute = from; minute <= to && !HasFailure(); ++minute) {
      least = std::min(least, PassAMinute(minute));
    }
    return least;
  };
  constexpr int kSpan = 10;
  least_of(1, kSpan);
  const auto early = least_of(kSpan + 1, 2 * kSpan);
  const auto before = probes_;
  least_of(2 * kSpan + 1, kMinutes - kSpan);
  const auto late = least_of(kMinutes - kSpan + 1, kMinutes);
  // Anything that was kept of each probe would be no smaller than a pointer.
  EXPECT_LT(late, early + (probes_ - before) * sizeof(void*));
  EXPECT_EQ(registry_.History(Id(kFlapping)).size(), model::HealthHistory::kMaxChanges);
  EXPECT_EQ(registry_.Current()->FindBackend(Id(2))->status.health, model::Health::kHealthy);
  EXPECT_NE(registry_.Current()->FindBackend(Id(kHanging))->status.health, model::Health::kHealthy);
}

}  // namespace
}  // namespace gateway::monitor
