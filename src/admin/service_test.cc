#include <atomic>
#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "admin/service_fixture.h"

namespace gateway::admin {
namespace {

using namespace std::chrono_literals;

TEST_F(ServiceTest, PublishesWhatItCreatesAndStoresIt) {
  const auto backend = service.PutBackend(BackendAt("c1", 8080), kNew, caller);
  ASSERT_TRUE(backend) << backend.error().message;
  EXPECT_EQ(Unversioned(backend->backend), BackendAt("c1", 8080));
  ASSERT_TRUE(service.PutGroup(GroupOf("etl", {"c1", "f1"}), kNew, caller));
  ASSERT_TRUE(service.PutPolicy(PolicyTo("p", "etl", "adhoc"), kNew, caller));

  const auto snapshot = registry.Current();
  EXPECT_NE(snapshot->FindBackend("c1"), nullptr);
  EXPECT_EQ(snapshot->FindGroup("etl")->members.size(), 2U);
  EXPECT_EQ(snapshot->policies().size(), 2U);
  EXPECT_EQ(Unversioned(Stored().policies.front()), PolicyTo("p", "etl", "adhoc"));
}

TEST_F(ServiceTest, ReplacesTheWholeObject) {
  auto group = GroupOf("etl", {"f1"});
  group.weights = {{"f1", 5}};
  ASSERT_TRUE(service.PutGroup(group, kAny, caller));
  const auto replaced = service.PutGroup(GroupOf("etl", {}), kAny, caller);
  ASSERT_TRUE(replaced) << MessageOf(replaced);
  EXPECT_EQ(Unversioned(*replaced), GroupOf("etl", {}));
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
  EXPECT_GT(put->version, 0U);
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

TEST_F(ServiceTest, SwitchesARuleOffThatDoesNotRunButNotOn) {
  ASSERT_TRUE(store->Edit("a gateway of another version", [](store::ConfigurationEdit& edit) {
    return edit.Put(model::Rule{.id = "r", .script = "return +", .version = edit.version()});
  }));
  const auto set = [this](bool enabled) {
    return service.ChangeRule(
        "r",
        [enabled](model::Rule& rule) -> Expected<void> {
          rule.enabled = enabled;
          return {};
        },
        kAny, caller);
  };
  const auto off = set(false);
  ASSERT_TRUE(off) << MessageOf(off);
  EXPECT_FALSE(Stored().rules.front().enabled);
  EXPECT_EQ(CodeOf(set(true)), ErrorCode::kInvalidArgument);
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

TEST_F(ServiceTest, WritesWhatHasDanglingReferencesButAddsNone) {
  auto group = GroupOf("g", {"f1"});
  group.fallback_groups = {"adhoc"};
  ASSERT_TRUE(service.PutGroup(group, kAny, caller));
  ASSERT_TRUE(service.PutPolicy(PolicyTo("p", "adhoc", "adhoc"), kAny, caller));
  registry.ReplaceFile({}, "main");  // declares neither f1 nor adhoc any more
  const auto switch_off = [](auto& object) {
    object.enabled = false;
    return Expected<void>();
  };
  EXPECT_TRUE(service.ChangeGroup("g", switch_off, kAny, caller));
  EXPECT_TRUE(service.ChangePolicy("p", switch_off, kAny, caller));
  group.backends.push_back("c9");
  EXPECT_EQ(CodeOf(service.PutGroup(group, kAny, caller)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(service.PutPolicy(PolicyTo("p", "nope"), kAny, caller)),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(service.PutPolicy(PolicyTo("q", "adhoc"), kAny, caller)),
            ErrorCode::kInvalidArgument);
}

TEST_F(ServiceTest, HoldsPreconditionsOnExistence) {
  EXPECT_EQ(CodeOf(service.PutBackend(BackendAt("c1", 8080), kOld, caller)), ErrorCode::kNotFound);
  ASSERT_TRUE(service.PutBackend(BackendAt("c1", 8080), kNew, caller));
  EXPECT_EQ(CodeOf(service.PutBackend(BackendAt("c1", 8081), kNew, caller)),
            ErrorCode::kAlreadyExists);
  EXPECT_TRUE(service.PutBackend(BackendAt("c1", 8082), kOld, caller));
}

TEST_F(ServiceTest, ChangesWhatAnOlderGatewayStoredAsLongAsThatMakesNothingWorse) {
  auto backend = BackendAt("c1", 1);
  backend.external_url = "https://trino.example/ui?tenant=1";
  ASSERT_FALSE(Validate(backend));
  ASSERT_TRUE(store->Edit("put", [&](auto& edit) { return edit.Put(backend); }));
  const auto changed = [&](auto change) {
    return service.ChangeBackend(
        "c1",
        [&](model::Backend& stored) -> Expected<void> {
          change(stored);
          return {};
        },
        kAny, caller);
  };
  EXPECT_TRUE(changed([](auto& stored) { stored.draining = true; }));
  EXPECT_TRUE(Stored().backends.front().draining);
  EXPECT_FALSE(changed([](auto& stored) { stored.external_url += "&b"; }));
  EXPECT_FALSE(changed([](auto& stored) { stored.load_limit = -1; }));
}

TEST_F(ServiceTest, ChangesSingleFields) {
  const auto version = service.PutBackend(BackendAt("c1", 1), kAny, caller)->backend.version;
  const auto disable = [](model::Backend& backend) {
    backend.enabled = false;
    return Expected<void>();
  };
  const auto changed = service.ChangeBackend("c1", disable, kAny, caller);
  ASSERT_TRUE(changed) << MessageOf(changed);
  EXPECT_FALSE(changed->backend.enabled);
  EXPECT_GT(changed->backend.version, version);
  EXPECT_FALSE(registry.Current()->FindBackend("c1")->backend.enabled);
}

TEST_F(ServiceTest, WritesNothingWhenAChangeChangesNothing) {
  const auto version = service.PutBackend(BackendAt("c1", 1), kAny, caller)->backend.version;
  const auto nothing = [](model::Backend&) { return Expected<void>(); };
  EXPECT_EQ(service.ChangeBackend("c1", nothing, kAny, caller)->backend.version, version);
  EXPECT_EQ(service.ListAudit({})->entries.size(), 1U);
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

TEST_F(ServiceTest, ShowsTheHistoryOfABackend) {
  Healthy("f1");
  const auto history = service.History("f1");
  ASSERT_TRUE(history);
  const std::vector<model::HealthChange> expected = {
      {clock.WallNow(), "unknown", "healthy", "", clock.Now()}};
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
  EXPECT_EQ(store->LoadMarks()->marks.front().healthy, std::nullopt);
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

}  // namespace
}  // namespace gateway::admin
