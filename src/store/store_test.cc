#include "store/store.h"

#include <fstream>
#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "store/store_testing.h"
#include "store/stored_objects.h"

namespace gateway::store {
namespace {

using namespace std::chrono_literals;

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
  EXPECT_EQ(WithoutVersions(Load(*Open())), expected);
}

TEST_P(StoreTest, KeepsDefaultsOverReopening) {
  const model::Configuration expected{{BackendOf("c1")},
                                      {{.id = "g"}},
                                      {{.id = "p", .rule_value = "etl", .group = "g"}},
                                      {{.id = "r", .script = "return nil"}}};
  const auto edited = Open()->Edit("put", [&](ConfigurationEdit& edit) -> Expected<void> {
    if (auto put = edit.Put(expected.backends[0]); !put) return put;
    if (auto put = edit.Put(expected.groups[0]); !put) return put;
    if (auto put = edit.Put(expected.policies[0]); !put) return put;
    return edit.Put(expected.rules[0]);
  });
  ASSERT_TRUE(edited) << edited.error().message;
  const auto loaded = Load(*Open());
  EXPECT_EQ(loaded, *edited->configuration);
  EXPECT_EQ(WithoutVersions(loaded), expected);
}

TEST_P(StoreTest, ReplacesAnObjectAndGivesItANewVersion) {
  const auto store = Open();
  ASSERT_TRUE(store->Edit("put", PutAll));
  auto group = FullGroup();
  group.backends = {"c9"};
  group.weights = {};
  const auto edited = store->Edit("put", [&](ConfigurationEdit& edit) { return edit.Put(group); });
  ASSERT_TRUE(edited) << edited.error().message;
  group.version = edited->counter;
  EXPECT_EQ(edited->configuration->groups, std::vector{group});
  EXPECT_EQ(Load(*Open()).groups, std::vector{group});
}

TEST_P(StoreTest, GivesNoVersionTwice) {
  const auto store = Open();
  const auto remove = [](ConfigurationEdit& edit) { return edit.Delete(Kind::kBackend, "c1"); };
  std::uint64_t last = 0;
  for (int i = 0; i < 5; ++i) {
    const auto put = Put(*store, BackendOf("c1"));
    const auto version = put->configuration->backends.front().version;
    EXPECT_GT(version, last);
    last = version;
    ASSERT_TRUE(store->Edit("delete", remove));
  }
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

TEST_P(StoreTest, TellsWhichStepsOfTheSchemaItTook) {
  std::vector<int> taken;
  const auto note = [&taken](int version, std::string_view) { taken.push_back(version); };
  ASSERT_TRUE(Store::Open(Options(), clock, note));
  ASSERT_EQ(taken.size(), static_cast<std::size_t>(NewestSchemaVersion()));
  EXPECT_EQ(taken.front(), 1);
  EXPECT_EQ(taken.back(), NewestSchemaVersion());
  taken.clear();
  ASSERT_TRUE(Store::Open(Options(), clock, note));
  EXPECT_TRUE(taken.empty());
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
  EXPECT_TRUE(store->ListAudit({})->entries.empty());
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
  EXPECT_GT(edited->counter, before);
  EXPECT_EQ(store->ChangeCounter(), edited->counter);
  ASSERT_TRUE(store->SaveMark({.backend_id = "c1", .healthy = false}));
  EXPECT_GT(*store->ChangeCounter(), edited->counter);
}

TEST_P(StoreTest, TellsStatesApartAfterARestoredBackup) {
  const auto store = Open();
  const auto saved = *store->ChangeCounter();
  const auto lost = Put(*store, BackendOf("lost"));
  Execute({"DELETE FROM backends", "UPDATE changes SET counter = " + std::to_string(saved)});
  const auto other = Put(*Open(), BackendOf("kept"));
  EXPECT_NE(other->counter, lost->counter);
  EXPECT_EQ(store->LoadConfiguration()->configuration->backends.front().id, "kept");
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
  model::Group again{.id = "adhoc", .backends = {"c1"}};
  ASSERT_TRUE(store->Edit("replace", [&](ConfigurationEdit& edit) -> Expected<void> {
    if (auto deleted = edit.Delete(Kind::kGroup, "adhoc"); !deleted) return deleted;
    return edit.Put(again);
  }));
  EXPECT_EQ(WithoutVersions(Load(*Open())).groups, std::vector{again});
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

TEST_P(StoreTest, LoadsTenThousandPolicies) {
  auto options = Options();
  options.statement_timeout = 60s;  // a busy machine may take long
  const auto store = Open(options);
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

TEST_P(StoreTest, StoresAMarkWithTheRestOfAnEdit) {
  const auto store = Open();
  const BackendMark mark{.backend_id = "c1", .healthy = false, .load = 3, .at = clock.WallNow()};
  const auto put = [&](bool succeeds) {
    return store->Edit("put", [&, succeeds](ConfigurationEdit& edit) -> Expected<void> {
      EXPECT_EQ(edit.Mark("c1"), BackendMark{.backend_id = "c1"});
      if (auto marked = edit.PutMark(mark); !marked) return marked;
      EXPECT_EQ(edit.Mark("c1"), mark);
      if (!succeeds) return Fail(ErrorCode::kConflict, "no", Origin::kClient);
      return edit.Put(BackendOf("c1"));
    });
  };
  EXPECT_FALSE(put(false));
  EXPECT_EQ(store->LoadMarks()->marks, std::vector<BackendMark>{});
  EXPECT_TRUE(put(true));
  EXPECT_EQ(store->LoadMarks()->marks, std::vector{mark});
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
