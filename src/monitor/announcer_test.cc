#include "monitor/announcer.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "model/registry.h"
#include "telemetry/captured_lines.h"

namespace gateway::monitor {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

// A registry whose changes are announced.
struct AnnouncerTest : testing::Test {
  AnnouncerTest() { Declare({}); }

  void Declare(const model::Backend& like) {
    auto backend = like;
    backend.id = "c1";
    backend.url = {false, "trino", 8080};
    registry.ReplaceFile({.backends = {backend}}, "adhoc");
  }
  void Healthy() {
    model::BackendStatus status;
    status.health = model::Health::kHealthy;
    status.reason.clear();
    registry.ReportStatus("c1", status);
  }
  void Unhealthy(std::string failure_class, std::string reason) {
    model::BackendStatus status;
    status.health = model::Health::kUnhealthy;
    status.failure_class = std::move(failure_class);
    status.reason = std::move(reason);
    registry.ReportStatus("c1", status);
  }

  // The events of `work`, with what follows "backend.", and the class where there is one.
  template <typename Work>
  Strings Told(Work work) {
    const auto lines = telemetry::CaptureLines([&] {
      telemetry::Logger logger(telemetry::Level::kInfo);
      Announcer announcer(clock, logger, metrics);
      registry.OnStateChange(
          [&](const auto& before, const auto& after) { announcer.StateChanged(before, after); });
      work();
      registry.OnStateChange(nullptr);
    });
    Strings told;
    for (const auto& line : lines) {
      auto event = std::string(line.at("event").as_string()).substr(8);
      if (line.contains("class")) event += " " + std::string(line.at("class").as_string());
      told.push_back(std::move(event));
    }
    return told;
  }
  bool Shows(const std::string& sample) {
    return ("\n" + metrics.Expose()).find("\ntrino_gateway_" + sample + "\n") != std::string::npos;
  }
  bool Counted(const std::string& state, const std::string& reason) {
    return Shows(R"(backend_state_changes_total{backend="c1",reason=")" + reason + R"(",state=")" +
                 state + R"("} 1)");
  }

  FakeClock clock;
  telemetry::Metrics metrics;
  model::Registry registry{clock, "adhoc"};
};

TEST_F(AnnouncerTest, TellsAndCountsWhatOperatorsDo) {
  EXPECT_EQ(Told([&] {
              Healthy();
              Declare({.draining = true});
              Unhealthy("refused", "connect: refused");
              Declare({.enabled = false});
              Declare({});
              registry.MarkHealth("c1", true);
            }),
            (Strings{"healthy", "draining", "unhealthy refused", "disabled", "unhealthy refused",
                     "healthy"}));
  EXPECT_TRUE(Counted("draining", "ok"));
  EXPECT_TRUE(Counted("disabled", "ok"));
}

TEST_F(AnnouncerTest, TellsAndCountsAMarkAndThatAProbeOverrulesIt) {
  EXPECT_EQ(Told([&] {
              Healthy();
              registry.MarkHealth("c1", false);
              Healthy();
            }),
            (Strings{"healthy", "unhealthy marked", "healthy"}));
  EXPECT_TRUE(Counted("unhealthy", "marked"));
}

TEST_F(AnnouncerTest, TellsOfATimeOutForErrorsByItsOwnNames) {
  EXPECT_EQ(Told([&] {
              Healthy();
              registry.Eject("c1", "errors", "failing");
              registry.Readmit("c1", "errors");
              registry.Eject("c1", "errors", "failing");
              Unhealthy("refused", "connect: refused");
            }),
            (Strings{"healthy", "ejected errors", "readmitted errors", "ejected errors",
                     "unhealthy refused"}));
}

TEST_F(AnnouncerTest, TellsAReasonThatHoldsAMeasuredNumberOnceAMinute) {
  const auto told = Told([&] {
    for (int second = 0; second < 120; ++second) {
      Unhealthy("bounds", "queued is " + std::to_string(second));
      clock.Advance(1s);
    }
  });
  EXPECT_EQ(told, (Strings{"unhealthy bounds", "unhealthy bounds"}));
}

TEST_F(AnnouncerTest, TellsAFailureOfAnotherClassAtOnce) {
  EXPECT_EQ(Told([&] {
              Unhealthy("timeout", "GET /v1/info: nothing in time");
              Unhealthy("refused", "connect: refused");
            }),
            (Strings{"unhealthy timeout", "unhealthy refused"}));
}

TEST_F(AnnouncerTest, ShowsTheFiguresThatHoldNow) {
  model::BackendStatus status;
  status.health = model::Health::kHealthy;
  status.load = 4;
  status.figures.running = 2;
  registry.ReportStatus("c1", status);
  ShowBackends(*registry.Current(), clock.Now(), metrics);
  EXPECT_TRUE(Shows(R"(backend_healthy{backend="c1"} 1)"));
  EXPECT_TRUE(Shows(R"(backend_load{backend="c1"} 4)"));
  EXPECT_TRUE(Shows(R"(backend_running_queries{backend="c1"} 2)"));

  registry.MarkHealth("c1", false);
  registry.SetLoad("c1", 9);
  ShowBackends(*registry.Current(), clock.Now(), metrics);
  EXPECT_TRUE(Shows(R"(backend_healthy{backend="c1"} 0)"));
  EXPECT_TRUE(Shows(R"(backend_load{backend="c1"} 9)"));

  Unhealthy("refused", "connect: refused");
  ShowBackends(*registry.Current(), clock.Now(), metrics);
  EXPECT_EQ(metrics.Expose().find("backend_load{"), std::string::npos);
  EXPECT_EQ(metrics.Expose().find("backend_running_queries{"), std::string::npos);

  registry.ReplaceFile({}, "adhoc");
  ShowBackends(*registry.Current(), clock.Now(), metrics);
  EXPECT_EQ(metrics.Expose().find(R"(backend="c1")"), std::string::npos);
}

}  // namespace
}  // namespace gateway::monitor
