#include <utility>

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "admin/service_fixture.h"
#include "store/temporary_directory.h"

namespace gateway::admin {
namespace {

using namespace std::chrono_literals;
using Force = AdminService::Force;

TEST_F(ServiceTest, KeepsABackendThatIsInUseUnlessForced) {
  ASSERT_TRUE(service.PutBackend(BackendAt("c1", 8080), kNew, caller));
  auto& counters = *registry.Current()->FindBackend("c1")->counters;
  counters.live.Seen("20261123_212752_00000_eif54", clock.Now());
  registry.ReportRemote({{"c1", {.queries = 1, .transactions = 1}}});
  const auto refused = service.DeleteBackend("c1", Force::kNo, kAny, caller);
  EXPECT_EQ(CodeOf(refused), ErrorCode::kConflict);
  EXPECT_EQ(MessageOf(refused),
            "backend 'c1' is in use (2 queries, 1 open transaction); drain it and wait until it is "
            "empty, or delete it with force=true, which loses them");
  EXPECT_EQ(Stored().backends.size(), 1U);

  counters.live.Ended("20261123_212752_00000_eif54");
  counters.live.SegmentSeen(clock.Now());
  registry.ReportRemote({});
  EXPECT_EQ(CodeOf(service.DeleteBackend("c1", Force::kNo, kAny, caller)), ErrorCode::kConflict);
  EXPECT_TRUE(service.DeleteBackend("c1", Force::kYes, kAny, caller));
  EXPECT_TRUE(Stored().backends.empty());
}

// One of several instances; `others` is done while it waits for them.
struct SharedServiceTest : ServiceTest {
  ServiceParts SharedParts() {
    auto parts = Parts(logger);
    parts.others_know_after = 3s;
    parts.wait = [this](const std::function<bool()>& done, std::chrono::seconds limit) {
      for (auto left = limit; left > 0s && !done(); left -= 1s) {
        clock.Advance(1s);
        if (others) others();
      }
      return done();
    };
    return parts;
  }

  std::function<void()> others;
  AdminService shared{SharedParts()};
};

TEST_F(SharedServiceTest, IsDrainedWhenNothingIsLeftAndOthersKnow) {
  registry.ReportRemote({});
  auto backend = BackendAt("c1", 8080);
  ASSERT_TRUE(shared.PutBackend(backend, kNew, caller));
  clock.Advance(1h);
  backend.draining = true;
  ASSERT_TRUE(shared.PutBackend(backend, kAny, caller));
  EXPECT_FALSE(shared.Drained("c1"));
  EXPECT_TRUE(service.Drained("c1"));  // has no others
  clock.Advance(3s);
  EXPECT_TRUE(shared.Drained("c1"));
  registry.ReportRemote({{"c1", {.exchanges = 1}}});
  EXPECT_FALSE(shared.Drained("c1"));
}

TEST_F(ServiceTest, IsNotDrainedBeforeItsOwnWorkersKnow) {
  auto parts = Parts(logger);
  parts.workers_know_after = kWorkersKnowAfter;
  AdminService alone(parts);
  auto backend = BackendAt("new", 2);
  ASSERT_TRUE(alone.PutBackend(BackendAt("old", 1), kNew, caller));
  ASSERT_TRUE(alone.PutBackend(backend, kNew, caller));
  clock.Advance(1h);
  backend.draining = true;
  ASSERT_TRUE(alone.PutBackend(backend, kAny, caller));
  EXPECT_FALSE(alone.Drained("new"));
  clock.Advance(kWorkersKnowAfter);
  clock.SetBack(10min);  // the time of day; durations go on
  EXPECT_TRUE(alone.Drained("new"));
}

TEST_F(SharedServiceTest, IsNotKnownToBeDrainedWhileOthersCannotTell) {
  auto backend = BackendAt("c1", 8080);
  backend.draining = true;
  ASSERT_TRUE(shared.PutBackend(backend, kNew, caller));
  clock.Advance(1h);
  EXPECT_FALSE(shared.Drained("c1"));
  EXPECT_EQ(CodeOf(shared.CheckOthersAreKnown("c1")), ErrorCode::kUnavailable);

  registry.ReportRemote({});  // the first exchange with a database that is there
  EXPECT_TRUE(shared.CheckOthersAreKnown("c1"));
  EXPECT_FALSE(shared.Drained("c1"));
  clock.Advance(3s);
  EXPECT_TRUE(shared.Drained("c1"));
  registry.ForgetRemote();
  EXPECT_FALSE(shared.Drained("c1"));
}

TEST_F(ServiceTest, IsNotKnownToBeDrainedUntilTheCoordinatorWasAskedWhatRunsThere) {
  EXPECT_FALSE(service.Drained("f1"));  // not probed yet
  Healthy("f1");
  EXPECT_FALSE(service.Drained("f1"));
  auto& live = registry.Current()->FindBackend("f1")->counters->live;
  live.KeepOnly({"20230101_000000_00000_eif54"}, clock.Now(), "20240101_000000");
  EXPECT_FALSE(service.Drained("f1"));
  clock.Advance(model::LiveQueries::kLastPages);
  live.KeepOnly({}, clock.Now(), "20240101_000000");
  EXPECT_TRUE(service.Drained("f1"));
}

TEST_F(ServiceTest, IsDrainedWhereNoConnectionCanBeMade) {
  const struct {
    const char* failure_class;
    bool drained;
  } cases[] = {
      {"http_503", false}, {"timeout", false}, {"refused", true}, {"connect_timeout", true}};
  for (const auto& [failure_class, drained] : cases) {
    model::BackendStatus status;
    status.health = model::Health::kUnhealthy;
    status.failure_class = failure_class;
    registry.ReportStatus("f1", status);
    EXPECT_EQ(service.Drained("f1"), drained) << failure_class;
  }
}

TEST_F(ServiceTest, IsDrainedWhenNothingFromBeforeItBeganCanRunThere) {
  // The first configuration that is read is what there was.
  ASSERT_TRUE(service.PutBackend(BackendAt("old", 1), kNew, caller));
  ASSERT_TRUE(service.PutBackend(BackendAt("new", 2), kNew, caller));
  EXPECT_FALSE(service.Drained("f1"));
  EXPECT_FALSE(service.Drained("old"));
  EXPECT_TRUE(service.Drained("new"));
}

TEST_F(ServiceTest, LogsThatNobodyKnowsWhatRunsOnABackendThatIsDrained) {
  Healthy("f1");
  const auto logged = [this](telemetry::Level level) {
    testing::internal::CaptureStderr();
    {
      telemetry::Logger own(level);
      AdminService(Parts(own)).LogWhyNotDrained("f1");
    }
    return testing::internal::GetCapturedStderr();
  };
  const auto log = logged(telemetry::Level::kInfo);
  EXPECT_NE(log.find(R"("event":"admin.drain_waits","backend":"f1")"), std::string::npos) << log;
  EXPECT_NE(log.find("ends in 360 s"), std::string::npos) << log;
  registry.Current()->FindBackend("f1")->counters->live.KeepOnly({}, clock.Now());
  EXPECT_EQ(logged(telemetry::Level::kInfo), "");
}

TEST_F(ServiceTest, IsDrainedWhenEveryQueryFromBeforeItBeganMustHaveBeenPolled) {
  Healthy("f1");  // its coordinator does not say what runs there
  clock.Advance(model::LiveQueries::kAbandoned);
  EXPECT_TRUE(service.Drained("f1"));
}

TEST_F(SharedServiceTest, WaitsUntilOthersHaveToldBeforeItDeletes) {
  registry.ReportRemote({});
  clock.Advance(1h);
  ASSERT_TRUE(shared.PutBackend(BackendAt("c1", 8080), kNew, caller));
  others = [this] { registry.ReportRemote({{"c1", {.queries = 2}}}); };
  const auto refused = shared.DeleteBackend("c1", Force::kNo, kAny, caller);
  EXPECT_EQ(CodeOf(refused), ErrorCode::kConflict);
  EXPECT_NE(MessageOf(refused).find("2 queries"), std::string::npos) << MessageOf(refused);
  others = [this] { registry.ReportRemote({}); };
  registry.ReportRemote({});
  const auto before = clock.Now();
  EXPECT_TRUE(shared.DeleteBackend("c1", Force::kNo, kAny, caller));
  EXPECT_GE(clock.Now() - before, 3s);
}

TEST_F(SharedServiceTest, DeletesNothingWhileOthersCannotTellUnlessForced) {
  ASSERT_TRUE(shared.PutBackend(BackendAt("c1", 8080), kNew, caller));
  EXPECT_EQ(CodeOf(shared.DeleteBackend("c1", Force::kNo, kAny, caller)), ErrorCode::kUnavailable);
  EXPECT_TRUE(shared.DeleteBackend("c1", Force::kYes, kAny, caller));
}

TEST_F(SharedServiceTest, DrainsABackendBeforeItLeavesItsGroupsAndIsDeleted) {
  registry.ReportRemote({});
  clock.Advance(1h);
  ASSERT_TRUE(shared.PutBackend(BackendAt("c1", 8080), kNew, caller));
  auto group = GroupOf("g", {"c1", "f1"});
  group.weights = {{"c1", 2}};
  ASSERT_TRUE(shared.PutGroup(group, kNew, caller));
  others = [this] {
    EXPECT_TRUE(registry.Current()->FindBackend("c1")->backend.draining);
    registry.ReportRemote({{"c1", {.queries = 1}}});
  };
  EXPECT_EQ(CodeOf(shared.DeleteWithMemberships("c1", Force::kNo, caller)), ErrorCode::kConflict);
  EXPECT_EQ(Unversioned(Stored().groups.front()), group);
  EXPECT_EQ(Unversioned(Stored().backends.front()), BackendAt("c1", 8080));

  registry.ReportRemote({});
  others = {};
  EXPECT_TRUE(shared.DeleteWithMemberships("c1", Force::kNo, caller));
  EXPECT_EQ(Unversioned(Stored().groups.front()), GroupOf("g", {"f1"}));
  EXPECT_TRUE(Stored().backends.empty());
}

TEST_F(ServiceTest, LeavesABackendThatAGroupOfTheFileNames) {
  ASSERT_TRUE(service.PutBackend(BackendAt("c1", 8080), kNew, caller));
  registry.ReplaceFile({.groups = {GroupOf("of_file", {"c1"})}}, "of_file");
  ASSERT_TRUE(service.PutGroup(GroupOf("g", {"c1"}), kNew, caller));
  EXPECT_EQ(CodeOf(service.DeleteWithMemberships("c1", Force::kNo, caller)), ErrorCode::kConflict);
  EXPECT_EQ(Stored().groups.front().backends, std::vector<std::string>{"c1"});
}

// What cannot be deleted anyway is refused before anything is written or waited for.
TEST_F(SharedServiceTest, RefusesAtOnceToDeleteWhatTheFileNames) {
  registry.ReportRemote({});
  ASSERT_TRUE(shared.PutBackend(BackendAt("c1", 8080), kNew, caller));
  auto file = registry.FileConfiguration();
  file.groups.push_back(GroupOf("of_file", {"c1"}));
  file.groups.back().source = model::Source::kFile;
  registry.ReplaceFile(std::move(file), "adhoc");
  const auto stored = *store->ChangeCounter();
  others = [] { ADD_FAILURE() << "it waits"; };
  for (const auto* id : {"c1", "f1"}) {
    SCOPED_TRACE(id);
    const auto refused = shared.DeleteWithMemberships(id, Force::kNo, caller);
    EXPECT_EQ(CodeOf(refused), ErrorCode::kConflict);
    EXPECT_NE(MessageOf(refused).find("configuration file"), std::string::npos);
    EXPECT_EQ(CodeOf(shared.DeleteBackend(id, Force::kNo, kAny, caller)), ErrorCode::kConflict);
  }
  EXPECT_EQ(store->ChangeCounter(), stored);
}

// A deletion that fails while it waits for others, and what becomes of the drain that it began.
struct FailingDeletionTest : SharedServiceTest {
  bool DrainsAfter(const std::function<void()>& meanwhile) {
    registry.ReportRemote({});
    EXPECT_TRUE(shared.PutBackend(BackendAt("c1", 8080), kAny, caller));
    others = [&] {
      if (meanwhile) meanwhile();
      registry.ReportRemote({{"c1", {.queries = 1}}});
    };
    EXPECT_EQ(CodeOf(shared.DeleteWithMemberships("c1", Force::kNo, caller)), ErrorCode::kConflict);
    others = {};
    return Stored().backends.front().draining;
  }
};

TEST_F(FailingDeletionTest, TakesBackItsOwnDrainOnly) {
  EXPECT_FALSE(DrainsAfter({}));
  EXPECT_TRUE(DrainsAfter([this] {
    ASSERT_TRUE(shared.BeginDrain("c1", caller));
    const auto version = Stored().backends.front().version;
    ASSERT_TRUE(shared.BeginDrain("c1", caller));  // asked again, it changes nothing
    EXPECT_EQ(Stored().backends.front().version, version);
  }));
  EXPECT_TRUE(DrainsAfter([this] {
    auto backend = BackendAt("c1", 9090);
    backend.draining = true;
    ASSERT_TRUE(shared.PutBackend(backend, kAny, caller));
  }));
}

TEST_F(FailingDeletionTest, SaysThatItsDrainCouldNotBeTakenBack) {
  const store::TemporaryDirectory directory;
  const auto path = directory.File("gateway.db").string();
  const auto own_store =
      *store::Store::Open({.url = "sqlite:" + path, .statement_timeout = 10ms}, clock);
  soci::session intruder(soci::sqlite3, path);
  testing::internal::CaptureStderr();
  {
    telemetry::Logger own(telemetry::Level::kWarn);
    const auto parts = SharedParts();
    AdminService failing({clock, registry, *own_store, publisher, own, parts.owners,
                          parts.others_know_after, parts.wait});
    registry.ReportRemote({});
    ASSERT_TRUE(failing.PutBackend(BackendAt("c1", 8080), kNew, caller));
    others = [&, locked = false]() mutable {
      if (!std::exchange(locked, true)) intruder << "BEGIN IMMEDIATE";
    };
    const auto refused = failing.DeleteWithMemberships("c1", Force::kNo, caller);
    EXPECT_EQ(CodeOf(refused), ErrorCode::kUnavailable);
    EXPECT_NE(MessageOf(refused).find("left drained"), std::string::npos) << MessageOf(refused);
  }
  const auto log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find(R"("event":"admin.left_drained","backend":"c1")"), std::string::npos) << log;
  EXPECT_TRUE(own_store->LoadConfiguration()->configuration->backends.front().draining);
}

TEST_F(FailingDeletionTest, LeavesADrainAloneThatThisInstanceHasNotHeardOfYet) {
  registry.ReportRemote({});
  ASSERT_TRUE(shared.PutBackend(BackendAt("c1", 8080), kNew, caller));
  ASSERT_TRUE(store->Edit("another instance", [](store::ConfigurationEdit& edit) {
    auto backend = BackendAt("c1", 8080);
    backend.draining = true;
    return edit.Put(backend);
  }));
  others = [this] { registry.ReportRemote({{"c1", {.queries = 1}}}); };
  EXPECT_EQ(CodeOf(shared.DeleteWithMemberships("c1", Force::kNo, caller)), ErrorCode::kConflict);
  EXPECT_TRUE(Stored().backends.front().draining);
}

TEST_F(SharedServiceTest, SaysThatTooManyDeletionsWait) {
  registry.ReportRemote({});
  auto parts = Parts(logger);
  parts.others_know_after = 3s;
  parts.wait = [](const std::function<bool()>&, std::chrono::seconds) {
    return Fail(ErrorCode::kUnavailable, "too many deletions wait: try again");
  };
  AdminService busy(parts);
  ASSERT_TRUE(busy.PutBackend(BackendAt("c1", 8080), kNew, caller));
  const auto refused = busy.DeleteBackend("c1", Force::kNo, kAny, caller);
  EXPECT_EQ(MessageOf(refused), "too many deletions wait: try again");
  EXPECT_EQ(CodeOf(busy.DeleteWithMemberships("c1", Force::kNo, caller)), ErrorCode::kUnavailable);
  EXPECT_FALSE(Stored().backends.front().draining);
}

}  // namespace
}  // namespace gateway::admin
