#include "admin/service.h"

#include <atomic>
#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "base/result_testing.h"

namespace gateway::admin {
namespace {

using namespace std::chrono_literals;
using Existence = Precondition::Existence;

const Precondition kAny;
const Precondition kNew{.existence = Existence::kMustNotExist};
const Precondition kOld{.existence = Existence::kMustExist};

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
T AsStored(T object, std::uint64_t version = 1) {
  object.version = version;
  return object;
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

  model::Configuration Stored() { return *store->LoadConfiguration()->configuration; }

  ServiceParts Parts(telemetry::Logger& to) {
    return {clock, registry, *store, publisher, to, [](std::string_view suffix) {
              return suffix == "eif54" ? std::vector<std::string>{"f1"}
                                       : std::vector<std::string>();
            }};
  }

  FakeClock clock;
  telemetry::Logger logger{telemetry::Level::kError};
  std::unique_ptr<store::Store> store = *store::Store::Open({.url = "sqlite::memory:"}, clock);
  model::Registry registry{clock, "adhoc"};
  rules::RuleBook rules{clock};
  Publisher publisher{registry, rules, logger};
  AdminService service{Parts(logger)};
  const Caller caller{"127.0.0.1", {"ada", identity::Role::kAdmin, "token"}, "Test/Method"};
};

TEST_F(ServiceTest, PublishesWhatItCreatesAndStoresIt) {
  const auto backend = service.PutBackend(BackendAt("c1", 8080), kNew, caller);
  ASSERT_TRUE(backend) << backend.error().message;
  EXPECT_EQ(backend->backend, AsStored(BackendAt("c1", 8080)));
  ASSERT_TRUE(service.PutGroup(GroupOf("etl", {"c1", "f1"}), kNew, caller));
  ASSERT_TRUE(service.PutPolicy(PolicyTo("p", "etl", "adhoc"), kNew, caller));

  const auto snapshot = registry.Current();
  EXPECT_NE(snapshot->FindBackend("c1"), nullptr);
  EXPECT_EQ(snapshot->FindGroup("etl")->members.size(), 2U);
  EXPECT_EQ(snapshot->policies().size(), 2U);
  EXPECT_EQ(Stored().policies.front(), AsStored(PolicyTo("p", "etl", "adhoc")));
}

TEST_F(ServiceTest, ReplacesTheWholeObject) {
  auto group = GroupOf("etl", {"f1"});
  group.weights = {{"f1", 5}};
  ASSERT_TRUE(service.PutGroup(group, kAny, caller));
  const auto replaced = service.PutGroup(GroupOf("etl", {}), kAny, caller);
  ASSERT_TRUE(replaced) << MessageOf(replaced);
  EXPECT_EQ(*replaced, AsStored(GroupOf("etl", {}), 2));
  EXPECT_EQ(registry.Current()->FindGroup("etl")->members.size(), 0U);
}

TEST_F(ServiceTest, ListsObjectsOfBothSources) {
  ASSERT_TRUE(service.PutBackend(BackendAt("c1", 8080), kNew, caller));
  const auto backends = service.ListBackends();
  ASSERT_EQ(backends.size(), 2U);
  EXPECT_EQ(backends[0].backend.source, model::Source::kStore);
  EXPECT_EQ(backends[1].backend.source, model::Source::kFile);
}

TEST_F(ServiceTest, RefusesBadValuesAndKeepsNothing) {
  EXPECT_EQ(CodeOf(service.PutBackend(BackendAt("bad id!", 1), kAny, caller)),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(service.PutGroup(GroupOf("g", {"f1", "f1"}), kAny, caller)),
            ErrorCode::kInvalidArgument);
  auto policy = PolicyTo("p", "adhoc");
  policy.rule_value = std::string(5000, 'x');
  EXPECT_EQ(CodeOf(service.PutPolicy(policy, kAny, caller)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Stored(), model::Configuration{});
}

TEST_F(ServiceTest, PutsARuleInForceBeforeItAnswers) {
  const auto put =
      service.PutRule({.id = "r", .script = "return 'etl'", .priority = 3}, kNew, caller);
  ASSERT_TRUE(put) << MessageOf(put);
  EXPECT_EQ(put->version, 1U);
  ASSERT_EQ(rules.current()->size(), 1U);
  EXPECT_EQ(rules.current()->front().priority, 3);
  EXPECT_EQ(service.GetRule("r")->script, "return 'etl'");
  ASSERT_TRUE(service.ChangeRule(
      "r",
      [](model::Rule& rule) -> Expected<void> {
        rule.enabled = false;
        return {};
      },
      kOld, caller));
  EXPECT_TRUE(rules.current()->empty());
  ASSERT_TRUE(service.DeleteRule("r", kOld, caller));
  EXPECT_EQ(CodeOf(service.GetRule("r")), ErrorCode::kNotFound);
}

TEST_F(ServiceTest, RefusesARuleThatDoesNotRunAndKeepsTheLastOne) {
  ASSERT_TRUE(service.PutRule({.id = "r", .script = "return 'etl'"}, kAny, caller));
  const std::pair<std::string, std::string> cases[] = {
      {"local a\nreturn +", "rule r:2: unexpected symbol near '+'"},
      {"return request.headers['X-Trino-Catalog']:lower()", "rule r:1: "},
      {"while true do end", "rule r:1: the rule used up its instructions"},
      {"", "script has 0 bytes; allowed: 1 to 65536"}};
  for (const auto& [script, message] : cases) {
    SCOPED_TRACE(script);
    const auto put = service.PutRule({.id = "r", .script = script}, kAny, caller);
    EXPECT_EQ(CodeOf(put), ErrorCode::kInvalidArgument);
    EXPECT_TRUE(MessageOf(put).starts_with(message)) << MessageOf(put);
    const auto changed = service.ChangeRule(
        "r",
        [&script](model::Rule& rule) -> Expected<void> {
          rule.script = script;
          return {};
        },
        kAny, caller);
    EXPECT_EQ(CodeOf(changed), ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(rules.current()->front().source, "return 'etl'");
  EXPECT_EQ(Stored().rules.front().script, "return 'etl'");
}

TEST_F(ServiceTest, LeavesTheRulesOfTheFileAloneAndSaysWhereTheyAre) {
  model::Configuration file;
  file.rules.push_back(
      {.id = "r", .script = "return nil", .file = "rules/r.lua", .source = model::Source::kFile});
  registry.ReplaceFile(std::move(file), "adhoc");
  const auto put = service.PutRule({.id = "r", .script = "return nil"}, kAny, caller);
  EXPECT_EQ(CodeOf(put), ErrorCode::kConflict);
  EXPECT_EQ(MessageOf(put),
            "rule 'r' is declared in the configuration file, its script in rules/r.lua; change it "
            "there");
  EXPECT_EQ(service.GetRule("r")->source, model::Source::kFile);
}

TEST_F(ServiceTest, TakesAHundredRulesAndNoMore) {
  for (std::size_t i = 0; i < model::kMaxRules; ++i) {
    const auto put =
        service.PutRule({.id = "r" + std::to_string(i), .script = "return nil"}, kAny, caller);
    ASSERT_TRUE(put) << MessageOf(put);
  }
  EXPECT_EQ(MessageOf(service.PutRule({.id = "more", .script = "return nil"}, kAny, caller)),
            "there are 100 rules already; delete one first");
  EXPECT_TRUE(service.PutRule({.id = "r7", .script = "return 'etl'"}, kAny, caller));
}

TEST_F(ServiceTest, RefusesReferencesToWhatDoesNotExist) {
  EXPECT_EQ(MessageOf(service.PutGroup(GroupOf("g", {"f1", "c9"}), kAny, caller)),
            "backends names backend 'c9', which does not exist; create it first");
  EXPECT_EQ(MessageOf(service.PutPolicy(PolicyTo("p", "nope"), kAny, caller)),
            "group names group 'nope', which does not exist; create it first");
  EXPECT_EQ(MessageOf(service.PutPolicy(PolicyTo("p", "adhoc", "nope"), kAny, caller)),
            "fallback_group names group 'nope', which does not exist; create it first");
}

TEST_F(ServiceTest, HoldsPreconditionsOnExistence) {
  EXPECT_EQ(CodeOf(service.PutBackend(BackendAt("c1", 8080), kOld, caller)), ErrorCode::kNotFound);
  ASSERT_TRUE(service.PutBackend(BackendAt("c1", 8080), kNew, caller));
  EXPECT_EQ(CodeOf(service.PutBackend(BackendAt("c1", 8081), kNew, caller)),
            ErrorCode::kAlreadyExists);
  EXPECT_TRUE(service.PutBackend(BackendAt("c1", 8082), kOld, caller));
}

TEST_F(ServiceTest, RefusesAWriteThatIsBasedOnAnOldVersion) {
  ASSERT_TRUE(service.PutBackend(BackendAt("c1", 1), kAny, caller));
  ASSERT_TRUE(service.PutBackend(BackendAt("c1", 2), {.version = 1}, caller));
  const auto late = service.PutBackend(BackendAt("c1", 3), {.version = 1}, caller);
  EXPECT_EQ(CodeOf(late), ErrorCode::kAborted);
  EXPECT_EQ(MessageOf(late),
            "backend 'c1' was changed meanwhile: it has version 2 now, not 1; read it again");
  EXPECT_EQ(CodeOf(service.DeleteBackend("c1", AdminService::Force::kNo, {.version = 1}, caller)),
            ErrorCode::kAborted);
  EXPECT_EQ(Stored().backends.front().url.port, 2);
}

TEST_F(ServiceTest, ChangesSingleFields) {
  ASSERT_TRUE(service.PutBackend(BackendAt("c1", 1), kAny, caller));
  const auto disable = [](model::Backend& backend) {
    backend.enabled = false;
    return Expected<void>();
  };
  const auto changed = service.ChangeBackend("c1", disable, kAny, caller);
  ASSERT_TRUE(changed) << MessageOf(changed);
  EXPECT_FALSE(changed->backend.enabled);
  EXPECT_EQ(changed->backend.version, 2U);
  EXPECT_FALSE(registry.Current()->FindBackend("c1")->backend.enabled);
}

TEST_F(ServiceTest, WritesNothingWhenAChangeChangesNothing) {
  ASSERT_TRUE(service.PutBackend(BackendAt("c1", 1), kAny, caller));
  const auto nothing = [](model::Backend&) { return Expected<void>(); };
  EXPECT_EQ(service.ChangeBackend("c1", nothing, kAny, caller)->backend.version, 1U);
  EXPECT_EQ(service.ListAudit({})->size(), 1U);
}

TEST_F(ServiceTest, ChecksWhatAChangeMade) {
  ASSERT_TRUE(service.PutGroup(GroupOf("etl", {"f1"}), kAny, caller));
  const auto add = [](model::Group& group) {
    group.backends.push_back("c9");
    return Expected<void>();
  };
  EXPECT_EQ(CodeOf(service.ChangeGroup("etl", add, kAny, caller)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(service.ChangeGroup("nope", add, kAny, caller)), ErrorCode::kNotFound);
}

TEST_F(ServiceTest, RefusesIdsOfTheFile) {
  const auto of_file = service.PutBackend(BackendAt("f1", 8081), kAny, caller);
  EXPECT_EQ(CodeOf(of_file), ErrorCode::kConflict);
  EXPECT_EQ(MessageOf(of_file),
            "backend 'f1' is declared in the configuration file; change it there");
  EXPECT_EQ(CodeOf(service.PutGroup(GroupOf("adhoc", {}), kAny, caller)), ErrorCode::kConflict);
  EXPECT_EQ(CodeOf(service.PutPolicy(PolicyTo("tags", "adhoc"), kAny, caller)),
            ErrorCode::kConflict);
}

TEST_F(ServiceTest, DeletesWhatNothingRefersTo) {
  ASSERT_TRUE(service.PutBackend(BackendAt("c1", 8080), kAny, caller));
  ASSERT_TRUE(service.PutGroup(GroupOf("etl", {"c1"}), kAny, caller));
  ASSERT_TRUE(service.PutPolicy(PolicyTo("p", "etl"), kAny, caller));
  EXPECT_TRUE(service.DeletePolicy("p", kAny, caller));
  EXPECT_TRUE(service.DeleteGroup("etl", kAny, caller));
  EXPECT_TRUE(service.DeleteBackend("c1", AdminService::Force::kNo, kAny, caller));
  EXPECT_EQ(registry.Current()->FindBackend("c1"), nullptr);
  EXPECT_EQ(CodeOf(service.GetGroup("etl")), ErrorCode::kNotFound);
  EXPECT_EQ(Stored(), model::Configuration{});
}

TEST_F(ServiceTest, KeepsWhatIsReferredToAndNamesTheReferrers) {
  ASSERT_TRUE(service.PutBackend(BackendAt("c1", 8080), kAny, caller));
  ASSERT_TRUE(service.PutGroup(GroupOf("a", {"c1"}), kAny, caller));
  auto group = GroupOf("b", {"c1"});
  group.fallback_groups = {"a"};
  ASSERT_TRUE(service.PutGroup(group, kAny, caller));
  ASSERT_TRUE(service.PutPolicy(PolicyTo("p", "adhoc", "a"), kAny, caller));
  const auto backend = service.DeleteBackend("c1", AdminService::Force::kNo, kAny, caller);
  EXPECT_EQ(CodeOf(backend), ErrorCode::kConflict);
  EXPECT_EQ(MessageOf(backend), "backend 'c1' is used by group 'a', group 'b'; change that first");
  EXPECT_EQ(MessageOf(service.DeleteGroup("a", kAny, caller)),
            "group 'a' is used by group 'b', policy 'p'; change that first");
  EXPECT_TRUE(service.GetBackend("c1"));
}

TEST_F(ServiceTest, KeepsABackendThatIsInUseUnlessForced) {
  using Force = AdminService::Force;
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

TEST_F(ServiceTest, IsDrainedWhenNothingIsLeftAndOthersKnow) {
  auto parts = Parts(logger);
  parts.others_know_after = 3s;
  AdminService shared(parts);
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

TEST_F(ServiceTest, ShowsTheHistoryOfABackend) {
  Healthy("f1");
  const auto history = service.History("f1");
  ASSERT_TRUE(history);
  const std::vector<model::HealthChange> expected = {{clock.WallNow(), "unknown", "healthy", ""}};
  EXPECT_EQ(*history, expected);
  EXPECT_EQ(CodeOf(service.History("gone")), ErrorCode::kNotFound);
}

TEST_F(ServiceTest, ClearsMarks) {
  registry.SetMarksHold(model::Registry::MarksHold::kUntilCleared);
  Healthy("f1");
  ASSERT_TRUE(service.MarkBackend("f1", false, caller));
  EXPECT_FALSE(registry.Current()->FindBackend("f1")->Eligible());
  ASSERT_TRUE(service.ClearMarks("f1", caller));
  EXPECT_TRUE(registry.Current()->FindBackend("f1")->Eligible());
  EXPECT_EQ(store->LoadMarks()->front().healthy, std::nullopt);
  EXPECT_EQ(CodeOf(service.ClearMarks("gone", caller)), ErrorCode::kNotFound);
}

TEST_F(ServiceTest, KeepsTheDefaultGroup) {
  registry.ReplaceFile({}, "main");
  ASSERT_TRUE(service.PutGroup(GroupOf("main", {}), kAny, caller));
  EXPECT_EQ(MessageOf(service.DeleteGroup("main", kAny, caller)),
            "group 'main' is used by routing.default_group of the configuration file; change that "
            "first");
}

TEST_F(ServiceTest, LeavesObjectsOfTheFileAlone) {
  for (const auto& result :
       {service.DeleteBackend("f1", AdminService::Force::kNo, kAny, caller),
        service.DeleteGroup("adhoc", kAny, caller), service.DeletePolicy("tags", kAny, caller)}) {
    EXPECT_EQ(CodeOf(result), ErrorCode::kConflict);
    EXPECT_NE(MessageOf(result).find("configuration file; change it there"), std::string::npos)
        << MessageOf(result);
  }
}

TEST_F(ServiceTest, ReportsWhatDoesNotExist) {
  EXPECT_EQ(CodeOf(service.GetBackend("c9")), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(service.GetGroup("c9")), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(service.GetPolicy("c9")), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(service.DeleteBackend("c9", AdminService::Force::kNo, kAny, caller)),
            ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(service.DeleteGroup("c9", kAny, caller)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(service.DeletePolicy("c9", kAny, caller)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(service.MarkBackend("c9", true, caller)), ErrorCode::kNotFound);
}

TEST_F(ServiceTest, KeepsAnAuditOfEveryWrite) {
  ASSERT_TRUE(service.PutPolicy(PolicyTo("p", "adhoc"), kAny, caller));
  ASSERT_TRUE(service.DeletePolicy("p", kAny, caller));
  EXPECT_FALSE(service.DeletePolicy("p", kAny, caller));
  const auto entries = service.ListAudit({});
  ASSERT_TRUE(entries) << MessageOf(entries);
  ASSERT_EQ(entries->size(), 2U);
  const auto& deletion = entries->front();
  EXPECT_EQ(deletion.actor, "ada");
  EXPECT_EQ(deletion.role, "admin");
  EXPECT_EQ(deletion.client, "127.0.0.1");
  EXPECT_EQ(deletion.method, "Test/Method");
  EXPECT_EQ(deletion.kind, "policy");
  EXPECT_EQ(deletion.object_id, "p");
  EXPECT_EQ(deletion.before, entries->back().after);
  EXPECT_NE(deletion.before.find(R"("group":"adhoc")"), std::string::npos) << deletion.before;
  EXPECT_EQ(deletion.after, "");
}

TEST_F(ServiceTest, TellsTheHealthOfTheWhole) {
  EXPECT_EQ(service.Health().status, Overall::kDown);
  Healthy("f1");
  EXPECT_EQ(service.Health().status, Overall::kOk);
  ASSERT_TRUE(service.PutBackend(BackendAt("c1", 8080), kAny, caller));
  EXPECT_EQ(service.Health().status, Overall::kDegraded);
}

TEST_F(ServiceTest, DoesNotCountADisabledBackendAsIll) {
  Healthy("f1");
  auto disabled = BackendAt("c1", 8080);
  disabled.enabled = false;
  ASSERT_TRUE(service.PutBackend(disabled, kAny, caller));
  EXPECT_EQ(service.Health().status, Overall::kOk);
}

TEST_F(ServiceTest, ExplainsWhichMembersOfAGroupTakeQueries) {
  Healthy("f1");
  ASSERT_TRUE(service.PutBackend(BackendAt("c1", 8080), kAny, caller));
  ASSERT_TRUE(service.PutGroup(GroupOf("etl", {"c1", "f1"}), kAny, caller));
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
  ASSERT_TRUE(service.PutGroup(GroupOf("etl", {"f1"}), kAny, caller));
  registry.ReplaceFile({}, "adhoc");
  const auto routing = service.Routing();
  ASSERT_EQ(routing.groups.size(), 1U);
  EXPECT_EQ(routing.groups[0].members[0].why, "not declared anywhere");
}

TEST_F(ServiceTest, EvaluatesLikeAQuery) {
  Healthy("f1");
  routing::RequestFacts facts;
  facts.client_tags = "etl";
  EXPECT_EQ(service.EvaluateGroups(facts), std::vector<std::string>{"adhoc"});
  const auto placement = service.EvaluateBackend({"unknown"});
  ASSERT_TRUE(placement) << MessageOf(placement);
  EXPECT_EQ(placement->backend_id, "f1");
  EXPECT_EQ(placement->group_id, "adhoc");
}

TEST_F(ServiceTest, SaysWhyNoBackendCanTakeAQuery) {
  const auto placement = service.EvaluateBackend({"adhoc"});
  EXPECT_EQ(CodeOf(placement), ErrorCode::kUnavailable);
  EXPECT_NE(MessageOf(placement).find("f1"), std::string::npos) << MessageOf(placement);
}

TEST_F(ServiceTest, TellsWhatAPortImplies) {
  auto policy = PolicyTo("port", "adhoc");
  policy.rule_type = model::RuleType::kListeningPort;
  policy.rule_value = "8081";
  policy.auth_delegated = true;
  policy.set_request_source = "bi";
  ASSERT_TRUE(service.PutPolicy(policy, kAny, caller));
  EXPECT_TRUE(service.EvaluateAuthDelegation(8081));
  EXPECT_FALSE(service.EvaluateAuthDelegation(8082));
  EXPECT_EQ(service.EvaluateRequestSource(8081), "bi");
  EXPECT_EQ(service.EvaluateRequestSource(0), "");
}

TEST_F(ServiceTest, FindsTheBackendOfAQueryInTheHistoryOrByItsSuffix) {
  store::QueryRecord query;
  query.id = "20261123_212752_00000_old99";
  query.backend_id = "gone";
  query.group_id = "adhoc";
  ASSERT_TRUE(service.SaveQuery(query, caller));
  EXPECT_EQ(service.FindBackendForQuery(query.id)->backend_id, "gone");
  EXPECT_EQ(service.FindBackendForQuery("20261123_212752_00000_eif54")->backend_id, "f1");
  EXPECT_EQ(CodeOf(service.FindBackendForQuery("20261123_212752_00000_xxxxx")),
            ErrorCode::kNotFound);
}

TEST_F(ServiceTest, LetsOneOfManySimultaneousCreationsWin) {
  std::latch start(4);
  std::atomic<int> created = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      if (service.PutBackend(BackendAt("c1", 8080), kNew, caller)) ++created;
    });
  }
  threads.clear();
  EXPECT_EQ(created, 1);
}

TEST_F(ServiceTest, LosesNoChangeOfManySimultaneousOnes) {
  ASSERT_TRUE(service.PutPolicy(PolicyTo("p", "adhoc"), kAny, caller));
  const auto add = [](model::Policy& policy) {
    ++policy.priority;
    return Expected<void>();
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 25; ++j) EXPECT_TRUE(service.ChangePolicy("p", add, kAny, caller));
    });
  }
  threads.clear();
  EXPECT_EQ(service.GetPolicy("p")->priority, 100);
}

TEST_F(ServiceTest, LogsEachWriteWithWhoAskedAndWhatCameOfIt) {
  testing::internal::CaptureStderr();
  {
    telemetry::Logger talking(telemetry::Level::kInfo);
    AdminService logged(Parts(talking));
    EXPECT_TRUE(logged.PutBackend(BackendAt("c1", 8080), kAny, caller));
    EXPECT_FALSE(logged.DeleteBackend("f1", AdminService::Force::kNo, kAny, caller));
  }
  const auto log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find(R"("event":"admin.write","method":"Test/Method","kind":"backend","id":"c1",)"
                     R"("actor":"ada","client":"127.0.0.1","result":"ok")"),
            std::string::npos)
      << log;
  EXPECT_NE(log.find(R"("result":"conflict")"), std::string::npos) << log;
}

}  // namespace
}  // namespace gateway::admin
