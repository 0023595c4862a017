// What somebody says of a backend by hand, against what probes say.
#include <gtest/gtest.h>

#include "model/registry_fixture.h"

namespace gateway::model {
namespace {

TEST_F(RegistryTest, LeavesABackendOutThatIsOffScheduleDisabledOrDrainedThoughItIsMarkedHealthy) {
  for (const auto hold : {Registry::MarksHold::kUntilReport, Registry::MarksHold::kUntilCleared}) {
    registry.SetMarksHold(hold);
    Declare({});
    Declare({"c1"});
    auto off = Healthy();
    off.health = Health::kOffSchedule;
    off.reason = "off schedule until later";
    registry.ReportStatus("c1", off);
    EXPECT_TRUE(registry.MarkHealth("c1", true));
    const auto marked = registry.Current()->FindBackend("c1")->status;
    EXPECT_EQ(marked.health, Health::kOffSchedule);
    EXPECT_EQ(marked.reason, "off schedule until later");
    EXPECT_FALSE(marked.marked);
    auto backend = MakeBackend("c1", Source::kFile);
    for (auto* flag : {&backend.draining, &backend.enabled}) {
      *flag = !*flag;
      registry.ReplaceFile({.backends = {backend}}, "adhoc");
      registry.ReportStatus("c1", Healthy());
      registry.MarkHealth("c1", true);
      EXPECT_FALSE(registry.Current()->FindBackend("c1")->Eligible());
    }
  }
}

TEST_F(RegistryTest, HoldsAMarkOverTheScheduleOfTheBackend) {
  Declare({"c1"});
  registry.SetMarksHold(Registry::MarksHold::kUntilCleared);
  registry.MarkHealth("c1", true);
  auto status = Healthy();
  status.health = Health::kOffSchedule;
  registry.ReportStatus("c1", status);
  EXPECT_FALSE(registry.Current()->FindBackend("c1")->Eligible());
  status.health = Health::kUnknown;
  registry.ReportStatus("c1", status);
  EXPECT_TRUE(registry.Current()->FindBackend("c1")->Eligible());
}

TEST_F(RegistryTest, HoldsAMarkUntilTheNextReport) {
  Declare({"c1"});
  registry.ReportStatus("c1", Healthy());
  EXPECT_TRUE(registry.MarkHealth("c1", false));
  EXPECT_TRUE(registry.SetLoad("c1", 40));
  const auto marked = registry.Current()->FindBackend("c1")->status;
  EXPECT_EQ(marked.health, Health::kUnhealthy);
  EXPECT_EQ(marked.reason, "marked unhealthy by hand");
  EXPECT_EQ(marked.load, 40);
  EXPECT_TRUE(marked.marked);

  registry.ReportStatus("c1", Healthy());
  EXPECT_TRUE(registry.Current()->FindBackend("c1")->Eligible());
  EXPECT_EQ(registry.Current()->FindBackend("c1")->status.load, std::nullopt);
  EXPECT_FALSE(registry.Current()->FindBackend("c1")->status.marked);
}

TEST_F(RegistryTest, HoldsMarksUntilTheyAreClearedWhenSetSo) {
  Declare({"c1"});
  registry.SetMarksHold(Registry::MarksHold::kUntilCleared);
  registry.MarkHealth("c1", false);
  registry.SetLoad("c1", 40);
  auto status = Healthy();
  status.load = 3;
  registry.ReportStatus("c1", status);
  EXPECT_EQ(registry.Current()->FindBackend("c1")->status.health, Health::kUnhealthy);
  EXPECT_EQ(registry.Current()->FindBackend("c1")->status.load, 40);
  EXPECT_TRUE(registry.ClearMarks("c1"));
  EXPECT_TRUE(registry.Current()->FindBackend("c1")->Eligible());
  EXPECT_EQ(registry.Current()->FindBackend("c1")->status.load, 3);
  EXPECT_FALSE(registry.Current()->FindBackend("c1")->status.marked);
}

TEST_F(RegistryTest, MarksHealthyWhatProbesFindUnhealthy) {
  Declare({"c1"});
  auto status = Healthy();
  status.health = Health::kUnhealthy;
  status.reason = "connect: refused";
  registry.ReportStatus("c1", status);
  registry.MarkHealth("c1", true);
  EXPECT_TRUE(registry.Current()->FindBackend("c1")->Eligible());
  EXPECT_EQ(registry.Current()->FindBackend("c1")->status.reason, "");
}

TEST_F(RegistryTest, MarksOnlyWhatIsDeclared) {
  EXPECT_FALSE(registry.MarkHealth("gone", true));
  EXPECT_FALSE(registry.SetLoad("gone", 1));
  EXPECT_FALSE(registry.ClearMarks("gone"));
}

TEST_F(RegistryTest, ForgetsTheMarksOfADeletedBackend) {
  Declare({"c1"});
  registry.SetMarksHold(Registry::MarksHold::kUntilCleared);
  registry.MarkHealth("c1", false);
  Declare({});
  Declare({"c1"});
  registry.ReportStatus("c1", Healthy());
  EXPECT_TRUE(registry.Current()->FindBackend("c1")->Eligible());
}

TEST_F(RegistryTest, BelievesTheLastReportAgainWhenAMarkIsCleared) {
  Declare({"c1"});
  registry.ReportStatus("c1", Healthy());
  registry.MarkHealth("c1", false);
  EXPECT_TRUE(registry.ClearMarks("c1"));
  EXPECT_TRUE(registry.Current()->FindBackend("c1")->Eligible());
}

// What the listener was told: "healthy>unhealthy marked".
struct StateChanges : RegistryTest {
  StateChanges() {
    registry.OnStateChange([this](const BackendState& before, const BackendState& after) {
      told.push_back(std::string(before.StateName()) + ">" + std::string(after.StateName()) + " " +
                     after.status.failure_class);
    });
  }
  std::vector<std::string> told;
};

TEST_F(StateChanges, AreToldWhoeverMakesThem) {
  Declare({"c1", "c2"});
  EXPECT_EQ(told, std::vector<std::string>()) << "they were not there before";
  registry.ReportStatus("c1", Healthy());
  registry.ReportStatus("c1", Healthy());
  registry.MarkHealth("c1", false);
  registry.ReportStatus("c1", Healthy());
  registry.Eject("c1", "errors", "failing");
  registry.Readmit("c1", "errors");
  EXPECT_EQ(told, (std::vector<std::string>{"unknown>healthy ", "healthy>unhealthy marked",
                                            "unhealthy>healthy ", "healthy>unhealthy errors",
                                            "unhealthy>healthy "}));
}

TEST_F(StateChanges, AreToldOfWhatOperatorsDo) {
  Declare({"c1"});
  registry.ReportStatus("c1", Healthy());
  told.clear();
  auto backend = MakeBackend("c1", Source::kFile);
  backend.draining = true;
  registry.ReplaceFile({.backends = {backend}}, "adhoc");
  auto down = Healthy();
  down.health = Health::kUnhealthy;
  down.failure_class = "refused";
  registry.ReportStatus("c1", down);
  backend.enabled = false;
  registry.ReplaceFile({.backends = {backend}}, "adhoc");
  Declare({"c1"});
  EXPECT_EQ(told,
            (std::vector<std::string>{"healthy>draining ", "draining>draining refused",
                                      "draining>disabled refused", "disabled>unhealthy refused"}));
}

TEST_F(StateChanges, AreToldWhenAMarkIsCleared) {
  Declare({"c1"});
  registry.SetMarksHold(Registry::MarksHold::kUntilCleared);
  registry.MarkHealth("c1", false);
  registry.ReportStatus("c1", Healthy());
  registry.ClearMarks("c1");
  EXPECT_EQ(told, (std::vector<std::string>{"unknown>unhealthy marked", "unhealthy>healthy "}));
}

}  // namespace
}  // namespace gateway::model
