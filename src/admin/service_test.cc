#include "admin/service.h"

#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "base/result_testing.h"

namespace gateway::admin {
namespace {

model::Backend BackendAt(std::string id, std::uint16_t port) {
  return {.id = std::move(id), .url = Url{false, "127.0.0.1", port}};
}

model::Group GroupOf(std::string id, std::vector<std::string> backends) {
  return {.id = std::move(id), .backends = std::move(backends)};
}

model::Policy PolicyTo(std::string id, std::string group, std::string fallback = "") {
  return {.id = std::move(id),
          .rule_value = "etl",
          .group = std::move(group),
          .fallback_group = std::move(fallback)};
}

template <typename T>
std::string MessageOf(const Expected<T>& result) {
  return result ? "no error" : result.error().message;
}

// The file declares backend f1, group adhoc of it (the default one) and policy tags.
struct ServiceTest : testing::Test {
  ServiceTest() {
    model::Configuration file{
        {BackendAt("f1", 1)}, {GroupOf("adhoc", {"f1"})}, {PolicyTo("tags", "adhoc")}};
    file.backends[0].source = model::Source::kFile;
    file.groups[0].source = model::Source::kFile;
    file.policies[0].source = model::Source::kFile;
    registry.ReplaceFile(std::move(file), "adhoc");
  }

  void Healthy(std::string_view id) {
    model::BackendStatus status;
    status.health = model::Health::kHealthy;
    status.reason = "";
    registry.ReportStatus(id, status);
  }

  FakeClock clock;
  telemetry::Logger logger{telemetry::Level::kError};
  std::unique_ptr<store::Store> store = *store::Store::Open({.url = "sqlite::memory:"}, clock);
  model::Registry registry{clock, "adhoc"};
  AdminService service{registry, *store, logger};
  const Caller caller{"127.0.0.1"};
};

TEST_F(ServiceTest, PublishesWhatItCreatesAndStoresIt) {
  const auto backend = service.CreateBackend(BackendAt("c1", 8080), caller);
  ASSERT_TRUE(backend) << backend.error().message;
  auto stored_backend = BackendAt("c1", 8080);
  stored_backend.version = 1;
  EXPECT_EQ(backend->backend, stored_backend);
  ASSERT_TRUE(service.CreateGroup(GroupOf("etl", {"c1", "f1"}), caller));
  ASSERT_TRUE(service.CreatePolicy(PolicyTo("p", "etl", "adhoc"), caller));

  const auto snapshot = registry.Current();
  EXPECT_NE(snapshot->FindBackend("c1"), nullptr);
  EXPECT_EQ(snapshot->FindGroup("etl")->members.size(), 2U);
  EXPECT_EQ(snapshot->policies().size(), 2U);
  auto stored_policy = PolicyTo("p", "etl", "adhoc");
  stored_policy.version = 1;
  EXPECT_EQ(store->LoadConfiguration()->configuration->policies.front(), stored_policy);
}

TEST_F(ServiceTest, ListsObjectsOfBothSources) {
  ASSERT_TRUE(service.CreateBackend(BackendAt("c1", 8080), caller));
  const auto backends = service.ListBackends();
  ASSERT_EQ(backends.size(), 2U);
  EXPECT_EQ(backends[0].backend.source, model::Source::kStore);
  EXPECT_EQ(backends[1].backend.source, model::Source::kFile);
}

TEST_F(ServiceTest, RefusesBadValuesAndKeepsNothing) {
  EXPECT_EQ(CodeOf(service.CreateBackend(BackendAt("bad id!", 1), caller)),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(service.CreateGroup(GroupOf("g", {"f1", "f1"}), caller)),
            ErrorCode::kInvalidArgument);
  auto policy = PolicyTo("p", "adhoc");
  policy.rule_value = std::string(5000, 'x');
  EXPECT_EQ(CodeOf(service.CreatePolicy(policy, caller)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(*store->LoadConfiguration()->configuration, model::Configuration{});
}

TEST_F(ServiceTest, RefusesReferencesToWhatDoesNotExist) {
  EXPECT_EQ(MessageOf(service.CreateGroup(GroupOf("g", {"f1", "c9"}), caller)),
            "backends names backend 'c9', which does not exist; create it first");
  EXPECT_EQ(MessageOf(service.CreatePolicy(PolicyTo("p", "nope"), caller)),
            "group names group 'nope', which does not exist; create it first");
  EXPECT_EQ(MessageOf(service.CreatePolicy(PolicyTo("p", "adhoc", "nope"), caller)),
            "fallback_group names group 'nope', which does not exist; create it first");
}

TEST_F(ServiceTest, RefusesIdsThatAreTaken) {
  ASSERT_TRUE(service.CreateBackend(BackendAt("c1", 8080), caller));
  EXPECT_EQ(CodeOf(service.CreateBackend(BackendAt("c1", 8081), caller)),
            ErrorCode::kAlreadyExists);
  const auto of_file = service.CreateBackend(BackendAt("f1", 8081), caller);
  EXPECT_EQ(CodeOf(of_file), ErrorCode::kConflict);
  EXPECT_EQ(MessageOf(of_file),
            "backend 'f1' is declared in the configuration file; change it there");
  EXPECT_EQ(CodeOf(service.CreateGroup(GroupOf("adhoc", {}), caller)), ErrorCode::kConflict);
  EXPECT_EQ(CodeOf(service.CreatePolicy(PolicyTo("tags", "adhoc"), caller)), ErrorCode::kConflict);
}

TEST_F(ServiceTest, DeletesWhatNothingRefersTo) {
  ASSERT_TRUE(service.CreateBackend(BackendAt("c1", 8080), caller));
  ASSERT_TRUE(service.CreateGroup(GroupOf("etl", {"c1"}), caller));
  ASSERT_TRUE(service.CreatePolicy(PolicyTo("p", "etl"), caller));
  EXPECT_TRUE(service.DeletePolicy("p", caller));
  EXPECT_TRUE(service.DeleteGroup("etl", caller));
  EXPECT_TRUE(service.DeleteBackend("c1", caller));
  EXPECT_EQ(registry.Current()->FindBackend("c1"), nullptr);
  EXPECT_EQ(CodeOf(service.GetGroup("etl")), ErrorCode::kNotFound);
  EXPECT_EQ(*store->LoadConfiguration()->configuration, model::Configuration{});
}

TEST_F(ServiceTest, KeepsWhatIsReferredToAndNamesTheReferrers) {
  ASSERT_TRUE(service.CreateBackend(BackendAt("c1", 8080), caller));
  ASSERT_TRUE(service.CreateGroup(GroupOf("a", {"c1"}), caller));
  ASSERT_TRUE(service.CreateGroup(GroupOf("b", {"c1"}), caller));
  ASSERT_TRUE(service.CreatePolicy(PolicyTo("p", "adhoc", "a"), caller));
  const auto backend = service.DeleteBackend("c1", caller);
  EXPECT_EQ(CodeOf(backend), ErrorCode::kConflict);
  EXPECT_EQ(MessageOf(backend), "backend 'c1' is used by group 'a', group 'b'; change that first");
  EXPECT_EQ(MessageOf(service.DeleteGroup("a", caller)),
            "group 'a' is used by policy 'p'; change that first");
  EXPECT_TRUE(service.GetBackend("c1"));
}

TEST_F(ServiceTest, KeepsTheDefaultGroup) {
  registry.ReplaceFile({}, "main");
  ASSERT_TRUE(service.CreateGroup(GroupOf("main", {}), caller));
  EXPECT_EQ(MessageOf(service.DeleteGroup("main", caller)),
            "group 'main' is used by routing.default_group of the configuration file; change that "
            "first");
}

TEST_F(ServiceTest, LeavesObjectsOfTheFileAlone) {
  for (const auto& result :
       {service.DeleteBackend("f1", caller), service.DeleteGroup("adhoc", caller),
        service.DeletePolicy("tags", caller)}) {
    EXPECT_EQ(CodeOf(result), ErrorCode::kConflict);
    EXPECT_NE(MessageOf(result).find("configuration file; change it there"), std::string::npos)
        << MessageOf(result);
  }
}

TEST_F(ServiceTest, ReportsWhatDoesNotExist) {
  EXPECT_EQ(CodeOf(service.GetBackend("c9")), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(service.GetGroup("c9")), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(service.GetPolicy("c9")), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(service.DeleteBackend("c9", caller)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(service.DeleteGroup("c9", caller)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(service.DeletePolicy("c9", caller)), ErrorCode::kNotFound);
}

TEST_F(ServiceTest, TellsTheHealthOfTheWhole) {
  EXPECT_EQ(service.Health().status, Overall::kDown);
  Healthy("f1");
  EXPECT_EQ(service.Health().status, Overall::kOk);
  ASSERT_TRUE(service.CreateBackend(BackendAt("c1", 8080), caller));
  EXPECT_EQ(service.Health().status, Overall::kDegraded);
}

TEST_F(ServiceTest, DoesNotCountADisabledBackendAsIll) {
  Healthy("f1");
  auto disabled = BackendAt("c1", 8080);
  disabled.enabled = false;
  ASSERT_TRUE(service.CreateBackend(disabled, caller));
  EXPECT_EQ(service.Health().status, Overall::kOk);
}

TEST_F(ServiceTest, ExplainsWhichMembersOfAGroupTakeQueries) {
  Healthy("f1");
  ASSERT_TRUE(service.CreateBackend(BackendAt("c1", 8080), caller));
  ASSERT_TRUE(service.CreateGroup(GroupOf("etl", {"c1", "f1"}), caller));
  const auto routing = service.Routing();
  EXPECT_EQ(routing.default_group, "adhoc");
  EXPECT_EQ(routing.version, registry.Current()->version());
  ASSERT_EQ(routing.groups.size(), 2U);
  const auto& members = routing.groups[1].members;
  ASSERT_EQ(members.size(), 2U);
  EXPECT_EQ(members[0].id, "c1");
  EXPECT_FALSE(members[0].eligible);
  EXPECT_EQ(members[0].why, "not probed yet");
  EXPECT_TRUE(members[1].eligible);
  EXPECT_EQ(members[1].why, "");
}

TEST_F(ServiceTest, ShowsAMemberThatTheFileNoLongerDeclares) {
  ASSERT_TRUE(service.CreateGroup(GroupOf("etl", {"f1"}), caller));
  registry.ReplaceFile({}, "adhoc");
  const auto routing = service.Routing();
  ASSERT_EQ(routing.groups.size(), 1U);
  EXPECT_EQ(routing.groups[0].members[0].why, "not declared anywhere");
}

TEST_F(ServiceTest, LetsOneOfManySimultaneousCreationsWin) {
  std::latch start(4);
  std::atomic<int> created = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      if (service.CreateBackend(BackendAt("c1", 8080), caller)) ++created;
    });
  }
  threads.clear();
  EXPECT_EQ(created, 1);
}

TEST_F(ServiceTest, LogsEachWriteWithWhoAskedAndWhatCameOfIt) {
  testing::internal::CaptureStderr();
  {
    telemetry::Logger talking(telemetry::Level::kInfo);
    AdminService logged(registry, *store, talking);
    EXPECT_TRUE(logged.CreateBackend(BackendAt("c1", 8080), {"192.0.2.7"}));
    EXPECT_FALSE(logged.DeleteBackend("f1", {"192.0.2.8"}));
  }
  const auto log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find(R"("event":"admin.write","method":"create","kind":"backend","id":"c1",)"
                     R"("client":"192.0.2.7","result":"ok")"),
            std::string::npos)
      << log;
  EXPECT_NE(log.find(R"("method":"delete","kind":"backend","id":"f1","client":"192.0.2.8",)"
                     R"("result":"conflict")"),
            std::string::npos)
      << log;
}

}  // namespace
}  // namespace gateway::admin
