#include <gtest/gtest.h>

#include "model/registry_fixture.h"

namespace gateway::model {
namespace {

TEST_F(RegistryTest, LaysTheFileOverTheStore) {
  Configuration file;
  file.backends = {MakeBackend("c1", Source::kFile, 1)};
  Configuration stored;
  stored.backends = {MakeBackend("c1", Source::kStore, 2), MakeBackend("c0", Source::kStore, 3)};
  registry.ReplaceFile(file, "adhoc");
  registry.ReplaceStored(stored);
  const auto snapshot = registry.Current();
  ASSERT_EQ(snapshot->backends().size(), 2u);
  EXPECT_EQ(snapshot->backends()[0]->backend.id, "c0");
  EXPECT_EQ(snapshot->FindBackend("c1")->backend.url.port, 1);
}

TEST_F(RegistryTest, TakesNothingOverFromAProbeOfAnotherAddress) {
  Configuration file;
  file.backends = {MakeBackend("c1", Source::kFile, 1)};
  registry.ReplaceFile(file, "adhoc");
  const auto probed = file.backends.front();
  file.backends = {MakeBackend("c1", Source::kFile, 2)};
  registry.ReplaceFile(file, "adhoc");
  EXPECT_FALSE(registry.ReportProbe(probed, Healthy()));
  EXPECT_FALSE(registry.Current()->FindBackend("c1")->Eligible());
  EXPECT_TRUE(registry.ReportProbe(file.backends.front(), Healthy()));
  EXPECT_TRUE(registry.Current()->FindBackend("c1")->Eligible());
}

TEST_F(RegistryTest, KnowsSinceWhenOthersTellAndForgetsOnlyTheirLoad) {
  Declare({"c1"});
  EXPECT_EQ(registry.RemoteKnownSince(), std::nullopt);
  registry.ReportRemote({{"c1", {.queries = 2, .exchanges = 3}}});
  const auto since = clock.Now();
  clock.Advance(std::chrono::seconds(1));
  registry.ReportRemote({{"c1", {.queries = 2, .exchanges = 3}}});
  EXPECT_EQ(registry.RemoteKnownSince(), since);
  registry.ForgetRemote();
  EXPECT_EQ(registry.RemoteKnownSince(), std::nullopt);
  EXPECT_EQ(registry.Left("c1"), (DrainState{.queries = 2}));
}

TEST_F(RegistryTest, KeepsStatusAndCountersOverAReload) {
  Configuration file;
  file.backends = {MakeBackend("c1", Source::kFile)};
  registry.ReplaceFile(file, "adhoc");
  EXPECT_TRUE(registry.ReportStatus("c1", Healthy()));
  registry.Current()->FindBackend("c1")->counters->submissions = 5;
  registry.ReplaceFile(file, "other");
  const auto snapshot = registry.Current();
  EXPECT_TRUE(snapshot->FindBackend("c1")->Eligible());
  EXPECT_EQ(snapshot->FindBackend("c1")->counters->submissions, 5u);
  EXPECT_EQ(snapshot->default_group(), "other");
}

TEST_F(RegistryTest, KeepsTheTurnOfAGroupOverAReload) {
  Configuration file;
  Group group;
  group.id = "adhoc";
  file.groups = {group};
  registry.ReplaceFile(file, "adhoc");
  const auto cursor = registry.Current()->FindGroup("adhoc")->cursor;
  registry.ReplaceStored({});
  EXPECT_EQ(registry.Current()->FindGroup("adhoc")->cursor, cursor);
}

TEST_F(RegistryTest, StartsAnewWithABackendThatWasDeletedAndCreatedAgain) {
  Configuration stored;
  stored.backends = {MakeBackend("c1", Source::kStore)};
  registry.ReplaceStored(stored);
  registry.ReportStatus("c1", Healthy());
  registry.Current()->FindBackend("c1")->counters->submissions = 5;
  registry.ReplaceStored({});
  registry.ReplaceStored(stored);
  const auto snapshot = registry.Current();
  EXPECT_FALSE(snapshot->FindBackend("c1")->Eligible());
  EXPECT_EQ(snapshot->FindBackend("c1")->counters->submissions, 0u);
}

TEST_F(RegistryTest, LeavesASnapshotThatIsInUseAsItWas) {
  Configuration file;
  file.backends = {MakeBackend("c1", Source::kFile)};
  registry.ReplaceFile(file, "adhoc");
  const auto before = registry.Current();
  registry.ReplaceFile({}, "other");
  EXPECT_NE(before->FindBackend("c1"), nullptr);
  EXPECT_EQ(before->default_group(), "adhoc");
}

TEST_F(RegistryTest, ForgetsTheStatusOfABackendThatMoved) {
  Configuration file;
  file.backends = {MakeBackend("c1", Source::kFile, 1)};
  registry.ReplaceFile(file, "adhoc");
  registry.ReportStatus("c1", Healthy());
  file.backends = {MakeBackend("c1", Source::kFile, 2)};
  registry.ReplaceFile(file, "adhoc");
  EXPECT_EQ(registry.Current()->FindBackend("c1")->status.health, Health::kUnknown);
}

TEST_F(RegistryTest, LeavesOutMembersThatAreNotDeclared) {
  Configuration stored;
  stored.backends = {MakeBackend("c1", Source::kStore)};
  Group group;
  group.id = "adhoc";
  group.backends = {"gone", "c1"};
  stored.groups = {group};
  registry.ReplaceStored(stored);
  const auto snapshot = registry.Current();
  const auto& members = snapshot->FindGroup("adhoc")->members;
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0]->backend.id, "c1");
}

TEST_F(RegistryTest, TellsListenersOfEveryChangeInOrder) {
  std::vector<std::uint64_t> versions;
  registry.Subscribe([&](const SnapshotPtr& snapshot) { versions.push_back(snapshot->version()); });
  Configuration file;
  file.backends = {MakeBackend("c1", Source::kFile)};
  registry.ReplaceFile(file, "adhoc");
  registry.ReportStatus("c1", Healthy());
  registry.ReportStatus("c1", Healthy());  // nothing new
  registry.ReportProcessForwarded("c1", true);
  EXPECT_EQ(versions, (std::vector<std::uint64_t>{1, 2, 3, 4}));
}

TEST_F(RegistryTest, NotesWhenHealthChanged) {
  Configuration file;
  file.backends = {MakeBackend("c1", Source::kFile)};
  registry.ReplaceFile(file, "adhoc");
  const auto began = clock.WallNow();
  registry.ReportStatus("c1", Healthy());
  clock.Advance(std::chrono::seconds(5));
  auto loaded = Healthy();
  loaded.load = 3;
  EXPECT_FALSE(registry.ReportStatus("c1", loaded));
  EXPECT_EQ(registry.Current()->FindBackend("c1")->status.changed, began);
}

TEST_F(RegistryTest, IgnoresReportsOnDeletedBackends) {
  EXPECT_FALSE(registry.ReportStatus("gone", Healthy()));
  registry.ReportProcessForwarded("gone", true);
  EXPECT_TRUE(registry.Current()->backends().empty());
}

TEST_F(RegistryTest, CountsSubmissionsSinceTheLoadWasMeasured) {
  Configuration file;
  file.backends = {MakeBackend("c1", Source::kFile)};
  registry.ReplaceFile(file, "adhoc");
  auto status = Healthy();
  status.load = 2;
  registry.ReportStatus("c1", status);
  const auto snapshot = registry.Current();
  const auto* backend = snapshot->FindBackend("c1");
  backend->counters->submissions = 3;
  EXPECT_DOUBLE_EQ(backend->Load(), 5);
  status.reason = "something else";
  registry.ReportStatus("c1", status);  // not measured again: the three are not in it
  EXPECT_DOUBLE_EQ(registry.Current()->FindBackend("c1")->Load(), 5);
  status.submissions_seen = 3;
  registry.ReportStatus("c1", status);
  EXPECT_DOUBLE_EQ(backend->Load(), 5);  // of an older snapshot
  EXPECT_DOUBLE_EQ(registry.Current()->FindBackend("c1")->Load(), 2);
  registry.Current()->FindBackend("c1")->counters->submissions = 9;
  registry.SetLoad("c1", 1);
  EXPECT_DOUBLE_EQ(registry.Current()->FindBackend("c1")->Load(), 1);
}

TEST_F(RegistryTest, NotesSinceWhenABackendTakesQueries) {
  Declare({"c1"});
  const auto up_since = [this] { return registry.Current()->FindBackend("c1")->up_since; };
  const auto declare = [this](bool enabled, bool draining) {
    auto backend = MakeBackend("c1", Source::kFile);
    backend.enabled = enabled;
    backend.draining = draining;
    registry.ReplaceFile({.backends = {backend}}, "adhoc");
  };
  registry.ReportStatus("c1", Healthy());
  EXPECT_EQ(up_since(), clock.WallNow());
  const auto first = clock.WallNow();
  clock.Advance(std::chrono::seconds(5));
  auto loaded = Healthy();
  loaded.load = 3;
  registry.ReportStatus("c1", loaded);
  declare(true, false);
  EXPECT_EQ(up_since(), first);
  for (const auto& [enabled, draining] : {std::pair(false, false), std::pair(true, true)}) {
    SCOPED_TRACE(draining ? "drained" : "disabled");
    declare(enabled, draining);
    clock.Advance(std::chrono::seconds(5));
    declare(true, false);
    EXPECT_EQ(up_since(), clock.WallNow());
  }
  auto unhealthy = Healthy();
  unhealthy.health = Health::kUnhealthy;
  registry.ReportStatus("c1", unhealthy);
  clock.Advance(std::chrono::seconds(5));
  registry.ReportStatus("c1", Healthy());
  EXPECT_EQ(up_since(), clock.WallNow());
}

TEST_F(RegistryTest, PublishesHealthAtOnceAndLoadsTogether) {
  Declare({"c1", "c2"});
  registry.ReportStatus("c1", Healthy());
  registry.ReportStatus("c2", Healthy());
  const auto version = registry.Current()->version();
  auto status = Healthy();
  for (const auto* id : {"c1", "c2"}) {
    status.load = 7;
    registry.ReportStatus(id, status, Registry::Urgent::kHealth);
  }
  EXPECT_EQ(registry.Current()->version(), version);
  registry.PublishPending();
  EXPECT_EQ(registry.Current()->version(), version + 1);
  EXPECT_EQ(registry.Current()->FindBackend("c2")->status.load, 7);
  registry.PublishPending();
  EXPECT_EQ(registry.Current()->version(), version + 1);

  status.health = Health::kUnhealthy;
  registry.ReportStatus("c1", status, Registry::Urgent::kHealth);
  EXPECT_EQ(registry.Current()->version(), version + 2);
}

TEST_F(RegistryTest, KeepsTheLastChangesOfEachBackend) {
  Declare({"c1"});
  EXPECT_TRUE(registry.History("c1").empty());
  registry.ReportStatus("c1", Healthy());
  clock.Advance(std::chrono::seconds(5));
  auto status = Healthy();
  status.health = Health::kUnhealthy;
  status.reason = "connect: refused";
  registry.ReportStatus("c1", status);
  auto draining = MakeBackend("c1", Source::kFile);
  draining.draining = true;
  registry.ReplaceFile({.backends = {draining}}, "adhoc");

  const auto history = registry.History("c1");
  ASSERT_EQ(history.size(), 3U);
  EXPECT_EQ(history[0].from, "unknown");
  EXPECT_EQ(history[0].to, "healthy");
  EXPECT_EQ(history[0].reason, "");
  EXPECT_EQ(history[1].to, "unhealthy");
  EXPECT_EQ(history[1].reason, "connect: refused");
  EXPECT_EQ(history[1].at - history[0].at, std::chrono::seconds(5));
  EXPECT_EQ(history[2].to, "draining");

  for (std::size_t i = 0; i < HealthHistory::kMaxChanges; ++i) {
    draining.draining = !draining.draining;
    registry.ReplaceFile({.backends = {draining}}, "adhoc");
  }
  EXPECT_EQ(registry.History("c1").size(), HealthHistory::kMaxChanges);
  Declare({});
  EXPECT_TRUE(registry.History("c1").empty());
}

TEST_F(RegistryTest, TellsWhatADrainHasToWaitFor) {
  Declare({"c1"});
  EXPECT_EQ(registry.Left("gone"), std::nullopt);
  ASSERT_TRUE(registry.Left("c1")->Empty());
  auto& counters = *registry.Current()->FindBackend("c1")->counters;
  counters.in_flight = 2;
  counters.live.Seen("20261123_212752_00000_eif54", clock.Now(), "t1");
  EXPECT_EQ(*registry.Left("c1"), (DrainState{1, 1, 2, false}));
}

TEST_F(RegistryTest, SharesWhatAReportDoesNotChange) {
  Configuration file;
  file.backends = {MakeBackend("c1", Source::kFile), MakeBackend("c2", Source::kFile)};
  file.groups.emplace_back().id = "adhoc";
  file.policies.emplace_back().id = "p";
  registry.ReplaceFile(file, "adhoc");
  const auto before = registry.Current();
  registry.ReportStatus("c1", Healthy());
  const auto after = registry.Current();
  EXPECT_EQ(&before->policies(), &after->policies());
  EXPECT_EQ(&before->index(), &after->index());
  EXPECT_EQ(&before->groups()[0].group, &after->groups()[0].group);
  EXPECT_EQ(before->FindBackend("c2"), after->FindBackend("c2"));
  EXPECT_NE(before->FindBackend("c1"), after->FindBackend("c1"));
}

TEST_F(RegistryTest, KnowsWhatOtherInstancesRelay) {
  Configuration file;
  file.backends = {MakeBackend("c1", Source::kFile), MakeBackend("c2", Source::kFile)};
  registry.ReplaceFile(file, "adhoc");
  const auto snapshot = registry.Current();
  registry.ReportRemote({{"c1", {.exchanges = 5}}, {"gone", {.exchanges = 9}}});
  EXPECT_EQ(snapshot->FindBackend("c1")->InFlight(), 5);
  registry.ReportRemote({{"c2", {.exchanges = 2}}});
  EXPECT_EQ(snapshot->FindBackend("c1")->InFlight(), 0);
  EXPECT_EQ(snapshot->FindBackend("c2")->InFlight(), 2);
}

TEST_F(RegistryTest, CountsWhatIsLeftOnAllInstances) {
  Configuration file;
  file.backends = {MakeBackend("c1", Source::kFile)};
  registry.ReplaceFile(file, "adhoc");
  const auto* c1 = registry.Current()->FindBackend("c1");
  c1->counters->live.Seen("20261123_212752_00000_eif54", clock.Now());
  c1->counters->in_flight = 1;
  registry.ReportRemote(
      {{"c1", {.queries = 2, .transactions = 1, .exchanges = 3, .spooled = true}}});
  EXPECT_EQ(registry.Left("c1"), (DrainState{3, 1, 4, true}));
  EXPECT_EQ(c1->LeftHere(clock.Now()), (DrainState{1, 0, 1, false}));
  registry.ReportRemote({});
  EXPECT_EQ(registry.Left("c1"), (DrainState{1, 0, 1, false}));
}

}  // namespace
}  // namespace gateway::model
