#include "store/store.h"

#include <fstream>
#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "store/store_testing.h"

namespace gateway::store {
namespace {

using namespace std::chrono_literals;

// Every field differs from its default.
model::Backend FullBackend() {
  return {.id = "c1",
          .url = Url{true, "trino.example", 8443},
          .external_url = "https://public.example/trino",
          .enabled = false,
          .draining = true,
          .load_limit = 0.1,
          .uptime_schedule = "* 8-18 * * 1-5",
          .source = model::Source::kStore,
          .version = 1};
}

model::Group FullGroup() {
  return {.id = "adhoc",
          .backends = {"c2", "c1"},
          .strategy = model::Strategy::kHash,
          .weights = {{"c1", 0}, {"c2", 1000}},
          .hash_key = model::HashKey::kTables,
          .slow_start = 90s,
          .fallback_groups = {"z", "a"},
          .mode = model::Mode::kDirect,
          .enabled = false,
          .source = model::Source::kStore,
          .version = 1};
}

model::Policy FullPolicy() {
  return {.id = "etl",
          .priority = -7,
          .rule_type = model::RuleType::kHeaderHost,
          .rule_value = "it's \"etl\"; DROP TABLE policies -- \\ :x \xF0\x9F\x90\x87 ",
          .conditions = {{.type = model::ConditionType::kHeader,
                          .name = "X-Team",
                          .values = {"a\\'", "b"},
                          .negated = true},
                         {.type = model::ConditionType::kUserRegex, .values = {"^a.*\"$"}}},
          .group = "adhoc",
          .fallback_group = "spare",
          .more_fallback_groups = {"z", "a"},
          .reject_message = "Nein, t\xC3\xB6richt",
          .set_request_source = "airflow",
          .headers = {{"X-A", "1"}, {"X-B", std::nullopt}, {"X-C", ""}},
          .mode = model::Mode::kProxy,
          .auth_delegated = true,
          .enabled = false,
          .source = model::Source::kStore,
          .version = 1};
}

model::Rule FullRule() {
  return {.id = "canary",
          .script = "-- it's \xF0\x9F\xA6\x89\r\nreturn {\"a\\n\", ':x'}\t\n",
          .priority = -7,
          .instructions = 5'000,
          .memory_bytes = 65'536,
          .text = true,
          .enabled = false,
          .source = model::Source::kStore,
          .version = 1};
}

model::Backend BackendOf(const std::string& id) {
  return {.id = id, .url = Url{false, "127.0.0.1", 8080}};
}

Expected<void> PutAll(ConfigurationEdit& edit) {
  if (auto put = edit.Put(FullBackend()); !put) return put;
  if (auto put = edit.Put(FullGroup()); !put) return put;
  if (auto put = edit.Put(FullPolicy()); !put) return put;
  return edit.Put(FullRule());
}

Expected<StoredConfiguration> Put(Store& store, const model::Backend& backend) {
  return store.Edit("cannot save", [&](ConfigurationEdit& edit) { return edit.Put(backend); });
}

model::Configuration Load(Store& store) {
  const auto loaded = store.LoadConfiguration();
  EXPECT_TRUE(loaded) << loaded.error().message;
  return loaded ? *loaded->configuration : model::Configuration{};
}

struct StoreTest : OnEachDatabase {};
INSTANTIATE_TEST_SUITE_P(On, StoreTest, testing::ValuesIn(TestDatabases()), NameOfTestDatabase);

TEST_P(StoreTest, StartsEmpty) {
  const auto store = Open();
  EXPECT_EQ(Load(*store), model::Configuration{});
  EXPECT_EQ(store->LoadSuffixes(), std::vector<SuffixSighting>{});
}

TEST_P(StoreTest, KeepsEveryFieldOverReopening) {
  ASSERT_TRUE(Open()->Edit("put", PutAll));
  const model::Configuration expected{{FullBackend()}, {FullGroup()}, {FullPolicy()}, {FullRule()}};
  EXPECT_EQ(Load(*Open()), expected);
}

TEST_P(StoreTest, KeepsDefaultsOverReopening) {
  const model::Configuration expected{
      {BackendOf("c1")}, {{.id = "g"}}, {{.id = "p"}}, {{.id = "r", .script = "return nil"}}};
  const auto edited = Open()->Edit("put", [&](ConfigurationEdit& edit) -> Expected<void> {
    if (auto put = edit.Put(expected.backends[0]); !put) return put;
    if (auto put = edit.Put(expected.groups[0]); !put) return put;
    if (auto put = edit.Put(expected.policies[0]); !put) return put;
    return edit.Put(expected.rules[0]);
  });
  ASSERT_TRUE(edited) << edited.error().message;
  auto loaded = Load(*Open());
  EXPECT_EQ(loaded, *edited->configuration);
  loaded.backends[0].version = loaded.groups[0].version = loaded.policies[0].version =
      loaded.rules[0].version = 0;
  EXPECT_EQ(loaded, expected);
}

TEST_P(StoreTest, ReplacesAnObjectAndCountsItsVersions) {
  const auto store = Open();
  ASSERT_TRUE(store->Edit("put", PutAll));
  auto group = FullGroup();
  group.backends = {"c9"};
  group.weights = {};
  const auto edited = store->Edit("put", [&](ConfigurationEdit& edit) { return edit.Put(group); });
  ASSERT_TRUE(edited) << edited.error().message;
  group.version = 2;
  EXPECT_EQ(edited->configuration->groups, std::vector{group});
  EXPECT_EQ(Load(*Open()).groups, std::vector{group});
}

TEST_P(StoreTest, ShowsAnEditWhatItHasDoneSoFar) {
  const auto edited = Open()->Edit("put", [&](ConfigurationEdit& edit) -> Expected<void> {
    EXPECT_TRUE(edit.current().backends.empty());
    EXPECT_TRUE(edit.Put(BackendOf("b")));
    EXPECT_TRUE(edit.Put(BackendOf("a")));
    EXPECT_EQ(edit.current().backends.size(), 2U);
    EXPECT_EQ(edit.current().backends.front().id, "a");
    return edit.Delete(Kind::kBackend, edit.current().backends.back().id);
  });
  ASSERT_TRUE(edited) << edited.error().message;
  EXPECT_EQ(edited->configuration->backends.size(), 1U);
  EXPECT_EQ(Load(*Open()), *edited->configuration);
}

TEST_P(StoreTest, ChangesNothingWhenAnEditFails) {
  const auto store = Open();
  const auto before = *store->LoadConfiguration();
  const auto edited = store->Edit("put", [&](ConfigurationEdit& edit) -> Expected<void> {
    EXPECT_TRUE(PutAll(edit));
    EXPECT_TRUE(edit.Audit({.actor = "me"}));
    return Fail(ErrorCode::kConflict, "somebody was faster", Origin::kClient);
  });
  EXPECT_EQ(CodeOf(edited), ErrorCode::kConflict);
  EXPECT_EQ(edited.error().message, "somebody was faster");
  EXPECT_EQ(Load(*store), *before.configuration);
  EXPECT_EQ(Load(*Open()), *before.configuration);
  EXPECT_EQ(store->ChangeCounter(), before.counter);
  EXPECT_EQ(store->ListAudit({}), std::vector<AuditEntry>{});
}

TEST_P(StoreTest, FailsAnEditWhoseDatabaseErrorWasIgnored) {
  const auto store = Open();
  auto too_long = BackendOf("c1");
  too_long.url.host = std::string(3000, 'x');
  const auto edited = store->Edit("put", [&](ConfigurationEdit& edit) -> Expected<void> {
    EXPECT_TRUE(edit.Put(BackendOf("c2")));
    // SQLite takes any length; the others refuse it.
    EXPECT_EQ(edit.Put(too_long).has_value(), GetParam().url.empty());
    return {};
  });
  EXPECT_EQ(edited.has_value(), GetParam().url.empty());
  EXPECT_EQ(Load(*store).backends.size(), edited ? 2U : 0U);
}

TEST_P(StoreTest, MovesTheCounterWithEachChangeOnly) {
  const auto store = Open();
  const auto before = *store->ChangeCounter();
  ASSERT_TRUE(store->Edit("nothing", [](ConfigurationEdit&) { return Expected<void>(); }));
  EXPECT_EQ(store->ChangeCounter(), before);
  const auto edited = Put(*store, BackendOf("c1"));
  EXPECT_EQ(edited->counter, before + 1);
  EXPECT_EQ(store->ChangeCounter(), before + 1);
  ASSERT_TRUE(store->SaveMark({.backend_id = "c1", .healthy = false}));
  EXPECT_EQ(store->ChangeCounter(), before + 2);
}

TEST_P(StoreTest, SharesOneConfigurationUntilSomethingChanges) {
  const auto store = Open();
  const auto other = Open();
  const auto edited = Put(*store, BackendOf("c1"));
  EXPECT_EQ(store->LoadConfiguration()->configuration, edited->configuration);
  ASSERT_TRUE(Put(*other, BackendOf("c2")));
  const auto loaded = store->LoadConfiguration();
  EXPECT_EQ(loaded->configuration->backends.size(), 2U);
  EXPECT_EQ(store->LoadConfiguration()->configuration, loaded->configuration);
}

TEST_P(StoreTest, DeletesWhatItHoldsAndNothingElse) {
  const auto store = Open();
  ASSERT_TRUE(store->Edit("put", PutAll));
  for (const auto& [kind, id] : {std::pair{Kind::kBackend, "c1"},
                                 {Kind::kGroup, "adhoc"},
                                 {Kind::kPolicy, "etl"},
                                 {Kind::kRule, "canary"}}) {
    SCOPED_TRACE(id);
    const auto remove = [&](ConfigurationEdit& edit) { return edit.Delete(kind, id); };
    EXPECT_TRUE(store->Edit("delete", remove));
    const auto again = store->Edit("delete", remove);
    EXPECT_EQ(CodeOf(again), ErrorCode::kNotFound);
    EXPECT_EQ(again.error().message, std::string(NameOf(kind)) + " '" + id + "' does not exist");
  }
  EXPECT_EQ(Load(*Open()), model::Configuration{});
}

TEST_P(StoreTest, ADeletedGroupCanBeCreatedAgainWithOtherMembers) {
  const auto store = Open();
  ASSERT_TRUE(store->Edit("put", PutAll));
  const model::Group again{.id = "adhoc", .backends = {"c1"}, .version = 1};
  ASSERT_TRUE(store->Edit("replace", [&](ConfigurationEdit& edit) -> Expected<void> {
    if (auto deleted = edit.Delete(Kind::kGroup, "adhoc"); !deleted) return deleted;
    return edit.Put(again);
  }));
  EXPECT_EQ(Load(*Open()).groups, std::vector{again});
}

TEST_P(StoreTest, TellsIdsApartThatDifferInCase) {
  const auto store = Open();
  ASSERT_TRUE(Put(*store, BackendOf("c1")));
  ASSERT_TRUE(Put(*store, BackendOf("C1")));
  EXPECT_EQ(Load(*Open()).backends.size(), 2U);
}

TEST_P(StoreTest, RefusesTextThatNotAllDatabasesTake) {
  const auto store = Open();
  for (const std::string text : {"caf\xE9", "\xED\xA0\x80"}) {
    auto policy = FullPolicy();
    policy.rule_value = text;
    auto edited = store->Edit("put", [&](ConfigurationEdit& edit) { return edit.Put(policy); });
    EXPECT_EQ(CodeOf(edited), ErrorCode::kInvalidArgument);
    policy = FullPolicy();
    policy.reject_message = text;
    edited = store->Edit("put", [&](ConfigurationEdit& edit) { return edit.Put(policy); });
    EXPECT_EQ(CodeOf(edited), ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(Load(*store), model::Configuration{});
}

TEST_P(StoreTest, LosesNoUpdateOfTwoInstances) {
  constexpr int kEditsEach = 25;
  const auto first = Open();
  const auto second = Open();
  ASSERT_TRUE(first->Edit("put", [](ConfigurationEdit& edit) {
    return edit.Put(model::Policy{.id = "p", .priority = 0});
  }));
  std::latch start(4);
  std::vector<std::jthread> threads;
  for (auto* store : {first.get(), first.get(), second.get(), second.get()}) {
    threads.emplace_back([&start, store] {
      start.arrive_and_wait();
      for (int i = 0; i < kEditsEach; ++i) {
        const auto edited = store->Edit("add one", [](ConfigurationEdit& edit) {
          auto policy = edit.current().policies.front();
          ++policy.priority;
          return edit.Put(policy);
        });
        EXPECT_TRUE(edited) << edited.error().message;
      }
    });
  }
  threads.clear();
  for (auto* store : {first.get(), second.get()}) {
    EXPECT_EQ(Load(*store).policies.front().priority, 4 * kEditsEach);
    EXPECT_EQ(Load(*store).policies.front().version, 1U + 4 * kEditsEach);
  }
}

TEST_P(StoreTest, LoadsOneMomentWhileOthersWrite) {
  const auto writer = Open();
  const auto reader = Open();
  std::atomic<bool> stop{false};
  std::jthread writing([&] {
    for (int i = 0; i < 40; ++i) {
      const auto id = "x" + std::to_string(i);
      EXPECT_TRUE(writer->Edit("pair", [&](ConfigurationEdit& edit) -> Expected<void> {
        if (auto put = edit.Put(BackendOf(id)); !put) return put;
        return edit.Put(model::Policy{.id = id});
      }));
    }
    stop = true;
  });
  while (!stop) {
    const auto seen = reader->LoadConfiguration();
    ASSERT_TRUE(seen) << seen.error().message;
    EXPECT_EQ(seen->configuration->backends.size(), seen->configuration->policies.size());
  }
}

TEST_P(StoreTest, TellsAWaitingInstanceOfAChange) {
  const auto waiting = Open();
  const auto changing = Open();
  const auto known = *waiting->ChangeCounter();
  std::atomic<bool> stop{false};
  std::chrono::steady_clock::time_point changed;
  std::jthread changer([&] {
    // So that the other has begun to listen, most likely; the result is the same if not.
    EXPECT_EQ(changing->AwaitChange(known, 300ms, stop), known);
    changed = std::chrono::steady_clock::now();
    EXPECT_TRUE(Put(*changing, BackendOf("c1")));
  });
  const auto counter = waiting->AwaitChange(known, 30s, stop);
  const auto woken = std::chrono::steady_clock::now();
  changer.join();
  EXPECT_EQ(counter, known + 1);
  EXPECT_LT(woken - changed, 1s);
}

TEST_P(StoreTest, StopsWaitingForAChangeWhenAsked) {
  const auto store = Open();
  const auto known = *store->ChangeCounter();
  EXPECT_EQ(store->AwaitChange(known, 0ms, false), known);
  const std::atomic<bool> stop{true};
  EXPECT_EQ(store->AwaitChange(known, 1h, stop), known);
}

TEST_P(StoreTest, TakesCallsFromManyThreads) {
  auto options = Options();
  options.connections = 2;
  const auto store = Open(options);
  std::latch start(6);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 6; ++thread) {
    threads.emplace_back([&, thread] {
      start.arrive_and_wait();
      for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(Put(*store, BackendOf("c" + std::to_string(thread * 10 + i))));
        EXPECT_TRUE(store->ListQueries({}));
      }
    });
  }
  threads.clear();
  EXPECT_EQ(Load(*store).backends.size(), 60U);
}

TEST_P(StoreTest, LoadsTenThousandPolicies) {
  const auto store = Open();
  ASSERT_TRUE(store->Edit("put", [](ConfigurationEdit& edit) -> Expected<void> {
    auto policy = FullPolicy();
    for (int i = 0; i < 10'000; ++i) {
      policy.id = "p" + std::to_string(i);
      if (auto put = edit.Put(policy); !put) return put;
    }
    return {};
  }));
  const auto other = Open();
  const auto began = std::chrono::steady_clock::now();
  const auto loaded = other->LoadConfiguration();
  const auto took = std::chrono::steady_clock::now() - began;
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->configuration->policies.size(), 10'000U);
  RecordProperty("load_ms", static_cast<int>(took / 1ms));
  std::printf("[ load     ] 10,000 policies from %s in %d ms\n", GetParam().name.c_str(),
              static_cast<int>(took / 1ms));
}

TEST_P(StoreTest, ReportsRowsThatItDidNotWrite) {
  const auto store = Open();
  ASSERT_TRUE(store->Edit("put", PutAll));
  for (const auto* damage : {"UPDATE groups_ SET strategy = 'fastest'",
                             "UPDATE groups_ SET strategy = 'random', settings = '[1'",
                             "UPDATE groups_ SET settings = '{\"mode\": \"teleport\"}'"}) {
    SCOPED_TRACE(damage);
    Execute({damage});
    const auto loaded = Open()->LoadConfiguration();
    EXPECT_EQ(CodeOf(loaded), ErrorCode::kInternal);
    EXPECT_NE(loaded.error().message.find("group 'adhoc'"), std::string::npos);
  }
}

TEST_P(StoreTest, RefusesADatabaseWithPendingMigrationsWhenItMustNotMigrate) {
  auto options = Options();
  options.migrate = false;
  const auto opened = Store::Open(options, clock);
  EXPECT_EQ(CodeOf(opened), ErrorCode::kConflict);
  EXPECT_NE(opened.error().message.find("migrate up"), std::string::npos);
  EXPECT_EQ(Tables(), "");
  Open();
  EXPECT_TRUE(Store::Open(options, clock));
}

}  // namespace
}  // namespace gateway::store
