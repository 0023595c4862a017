#include "monitor/ejector.h"

#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "model/registry.h"

namespace gateway::monitor {
namespace {

using namespace std::chrono_literals;
using model::Health;

// A registry whose backends c1, c2, c3 are one group, and counters as the data path keeps them.
struct EjectorTest : testing::Test {
  EjectorTest() {
    Declare({"c1", "c2", "c3"});
    Judge();
  }

  void Declare(const std::vector<std::string>& ids, const std::vector<std::string>& alone = {}) {
    model::Configuration configuration;
    for (const auto& id : ids) {
      configuration.backends.push_back({.id = id, .url = {false, "127.0.0.1", 8080}});
    }
    configuration.groups.push_back({.id = "all", .backends = ids});
    if (!alone.empty()) configuration.groups.push_back({.id = "alone", .backends = alone});
    registry.ReplaceFile(std::move(configuration), "all");
    for (const auto& id : ids) registry.ReportStatus(id, Healthy());
  }

  static model::BackendStatus Healthy() {
    model::BackendStatus status;
    status.health = Health::kHealthy;
    status.reason.clear();
    return status;
  }

  model::BackendStatus Status(std::string_view id) {
    return registry.Current()->FindBackend(id)->status;
  }

  void Answer(std::string_view id, std::chrono::milliseconds each, int times = 10) {
    const auto snapshot = registry.Current();
    for (int i = 0; i < times; ++i) snapshot->FindBackend(id)->counters->NoteAnswer(each);
  }

  // As the monitor does: what changed takes effect in the registry. The ids of those taken out.
  std::vector<std::string> Judge() {
    const auto snapshot = registry.Current();
    const auto rule_of = [this](std::string_view) -> const LatencyRule& { return rule; };
    std::vector<std::string> out;
    for (const auto& change : ejector.Judge(*snapshot, rule_of, clock.Now())) {
      if (change.reason.empty()) {
        registry.Readmit(change.backend_id, "latency");
      } else {
        registry.Eject(change.backend_id, "latency", change.reason);
        out.push_back(change.backend_id);
      }
    }
    return out;
  }

  LatencyRule rule{.enabled = true, .at_least = 500ms, .times = 3, .requests = 10};
  FakeClock clock;
  model::Registry registry{clock, "all"};
  Ejector ejector;
};

TEST_F(EjectorTest, LeavesABackendInThatAnotherGroupCannotSpare) {
  Declare({"c1", "c2", "c3"}, {"c1"});
  Judge();
  Answer("c1", 2000ms);
  Answer("c2", 1900ms);
  Answer("c3", 30ms);
  EXPECT_EQ(Judge(), std::vector<std::string>{"c2"});
  EXPECT_TRUE(registry.Current()->FindBackend("c1")->Up());
}

TEST_F(EjectorTest, LetsASlowBackendInWhenItsPeersAreDown) {
  Answer("c1", 2000ms);
  Answer("c2", 20ms);
  Answer("c3", 30ms);
  EXPECT_EQ(Judge(), std::vector<std::string>{"c1"});
  for (const auto* id : {"c2", "c3"}) {
    auto down = Healthy();
    down.health = Health::kUnhealthy;
    down.failure_class = "refused";
    registry.ReportStatus(id, down);
  }
  Judge();
  EXPECT_TRUE(registry.Current()->FindBackend("c1")->Up());
}

TEST_F(EjectorTest, TakesASlowBackendOutForAWhile) {
  Answer("c1", 2000ms);
  Answer("c2", 20ms);
  Answer("c3", 30ms);
  EXPECT_EQ(Judge(), std::vector<std::string>{"c1"});
  EXPECT_EQ(Status("c1").health, Health::kUnhealthy);
  EXPECT_EQ(Status("c1").failure_class, "latency");
  EXPECT_TRUE(Status("c1").reason.starts_with("slow: 2000 ms on average")) << Status("c1").reason;
  EXPECT_FALSE(registry.Current()->FindBackend("c1")->Up());

  clock.Advance(rule.eject_for - 1ms);
  registry.ReportStatus("c1", Healthy());  // probes go on, and succeed
  Judge();
  EXPECT_EQ(Status("c1").health, Health::kUnhealthy);
  clock.Advance(1ms);
  Judge();
  EXPECT_EQ(Status("c1").health, Health::kHealthy);
  EXPECT_EQ(Status("c1").reason, "");

  const auto history = registry.History("c1");
  ASSERT_EQ(history.size(), 3U);
  EXPECT_EQ(history[1].to, "unhealthy");
  EXPECT_TRUE(history[1].reason.starts_with("slow:"));
  EXPECT_EQ(history[2].to, "healthy");
}

TEST_F(EjectorTest, JudgesABackendThatCameBackByNewAnswers) {
  Answer("c1", 2000ms);
  Answer("c2", 20ms);
  EXPECT_EQ(Judge(), std::vector<std::string>{"c1"});
  Answer("c1", 2000ms);  // what was under way
  clock.Advance(rule.eject_for);
  Answer("c2", 20ms);
  EXPECT_EQ(Judge(), std::vector<std::string>());
  Answer("c1", 2000ms, 9);
  EXPECT_EQ(Judge(), std::vector<std::string>());
  Answer("c1", 2000ms, 1);
  EXPECT_EQ(Judge(), std::vector<std::string>{"c1"});
}

TEST_F(EjectorTest, LeavesHalfOfAGroupIn) {
  Answer("c1", 2000ms);
  Answer("c2", 3000ms);
  Answer("c3", 20ms);
  EXPECT_EQ(Judge(), std::vector<std::string>{"c2"});
  EXPECT_EQ(Judge(), std::vector<std::string>());
  EXPECT_TRUE(registry.Current()->FindBackend("c1")->Up());
}

TEST_F(EjectorTest, CountsBackendsThatAreDownAlreadyForNothing) {
  auto down = Healthy();
  down.health = Health::kUnhealthy;
  registry.ReportStatus("c3", down);
  Answer("c1", 2000ms);
  Answer("c2", 20ms);
  Answer("c3", 2000ms);
  EXPECT_EQ(Judge(), std::vector<std::string>{"c1"});
  EXPECT_EQ(Status("c3").failure_class, "");
}

TEST_F(EjectorTest, LetsAnOperatorTakeItBackIn) {
  Answer("c1", 2000ms);
  Answer("c2", 20ms);
  Judge();
  registry.MarkHealth("c1", true);
  EXPECT_EQ(Status("c1").health, Health::kHealthy);
  registry.ReportStatus("c1", Healthy());
  EXPECT_EQ(Status("c1").health, Health::kHealthy);
}

TEST_F(EjectorTest, ShowsWhatProbesFindOfABackendThatIsOut) {
  Answer("c1", 2000ms);
  Answer("c2", 20ms);
  Judge();
  auto down = Healthy();
  down.health = Health::kUnhealthy;
  down.failure_class = "refused";
  registry.ReportStatus("c1", down);
  EXPECT_EQ(Status("c1").failure_class, "refused");
  clock.Advance(rule.eject_for);
  Judge();
  EXPECT_EQ(Status("c1").failure_class, "refused") << "its time is over, but it is down";
}

TEST_F(EjectorTest, ForgetsBackendsThatAreGone) {
  Answer("c1", 2000ms);
  Answer("c2", 20ms);
  Judge();
  Declare({"c2", "c3"});
  Judge();
  Declare({"c1", "c2", "c3"});
  Judge();
  EXPECT_EQ(Status("c1").health, Health::kHealthy);
  Answer("c1", 2000ms);
  EXPECT_EQ(Judge(), std::vector<std::string>{"c1"}) << "it is not taken for one that is out";
}

TEST_F(EjectorTest, DoesNothingUnlessItIsAskedTo) {
  rule.enabled = false;
  Answer("c1", 2000ms);
  Answer("c2", 20ms);
  EXPECT_EQ(Judge(), std::vector<std::string>());
}

}  // namespace
}  // namespace gateway::monitor
