// Rows that this version cannot read, or that mean something else than they should.
#include <string>

#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "store/store_testing.h"
#include "store/stored_objects.h"

namespace gateway::store {
namespace {

struct StoreUnreadableTest : OnEachDatabase {};
INSTANTIATE_TEST_SUITE_P(On,
                         StoreUnreadableTest,
                         testing::ValuesIn(TestDatabases()),
                         NameOfTestDatabase);

TEST_P(StoreUnreadableTest, LeavesOutRowsThatItCannotReadAndNamesThem) {
  const auto store = Open();
  ASSERT_TRUE(store->Edit("put", PutAll));
  const std::pair<std::string, Damage> cases[] = {
      {"UPDATE groups_ SET strategy = 'fastest'", {Kind::kGroup, "adhoc", "", false}},
      {"UPDATE groups_ SET strategy = 'random', settings = '[1'",
       {Kind::kGroup, "adhoc", "", false}},
      {"UPDATE groups_ SET settings = '{\"mode\": \"teleport\"}'",
       {Kind::kGroup, "adhoc", "", false}},
      {"UPDATE backends SET url = 'ftp:'", {Kind::kBackend, "c1", "", false}},
      {"UPDATE policies SET rule_type = 'magic'", {Kind::kPolicy, "etl", "", false}},
      {"UPDATE rules SET settings = '{\"text\": 7}'", {Kind::kRule, "canary", "", false}}};
  for (const auto& [damage, expected] : cases) {
    SCOPED_TRACE(damage);
    Execute({damage});
    const auto loaded = Open()->LoadConfiguration();
    ASSERT_TRUE(loaded) << loaded.error().message;
    ASSERT_FALSE(loaded->damaged.empty());
    const auto found = std::ranges::find(loaded->damaged, expected.kind, &Damage::kind);
    ASSERT_NE(found, loaded->damaged.end());
    EXPECT_EQ(found->id, expected.id);
    EXPECT_NE(found->reason, "");
  }
  EXPECT_EQ(Load(*Open()), model::Configuration{});
}

TEST_P(StoreUnreadableTest, ReplacesOrDeletesARowThatItCannotRead) {
  const auto store = Open();
  ASSERT_TRUE(Put(*store, BackendOf("c1")));
  ASSERT_TRUE(Put(*store, BackendOf("c2")));
  Execute({"UPDATE backends SET settings = '{\"load_limit\": \"many\"}'"});
  const auto damaged = Open();
  ASSERT_EQ(damaged->LoadConfiguration()->damaged.size(), 2U);
  const auto mended = Put(*damaged, BackendOf("c1"));
  ASSERT_TRUE(mended) << mended.error().message;
  EXPECT_EQ(mended->damaged.size(), 1U);
  const auto deleted = damaged->Edit(
      "delete", [](ConfigurationEdit& edit) { return edit.Delete(Kind::kBackend, "c2"); });
  ASSERT_TRUE(deleted) << deleted.error().message;
  EXPECT_TRUE(deleted->damaged.empty());
  EXPECT_EQ(WithoutVersions(Load(*Open())).backends, std::vector{BackendOf("c1")});
}

TEST_P(StoreUnreadableTest, LoadsALimitThatIsNoNumberAsOneThatIsNeverReached) {
  const auto store = Open();
  for (const auto* limit : {"1e99999", "2000000", "1e300"}) {
    SCOPED_TRACE(limit);
    ASSERT_TRUE(Put(*store, BackendOf("c1")));
    Execute({std::string("UPDATE backends SET settings = '{\"load_limit\":") + limit + "}'"});
    const auto loaded = Open()->LoadConfiguration();
    ASSERT_TRUE(loaded) << loaded.error().message;
    ASSERT_EQ(loaded->configuration->backends.size(), 1U);
    EXPECT_EQ(loaded->configuration->backends.front().load_limit, model::kMaxLoadLimit);
  }
}

TEST_P(StoreUnreadableTest, DisablesAPolicyThatWouldMatchEverything) {
  const auto store = Open();
  auto policy = FullPolicy();
  policy.enabled = true;
  policy.auth_delegated = false;
  policy.rule_type = model::RuleType::kNone;
  policy.rule_value = "";
  ASSERT_TRUE(store->Edit("put", [&](ConfigurationEdit& edit) { return edit.Put(policy); }));
  EXPECT_TRUE(Load(*Open()).policies.front().enabled);
  Execute({"UPDATE policies SET settings = '{}'"});
  const auto loaded = Open()->LoadConfiguration();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_FALSE(loaded->configuration->policies.front().enabled);
  ASSERT_EQ(loaded->damaged.size(), 1U);
  EXPECT_TRUE(loaded->damaged.front().disabled);
}

TEST_P(StoreUnreadableTest, KeepsAPolicyInForceOfWhichOneValueCanNeverHold) {
  const auto store = Open();
  model::Policy policy{.id = "deny", .source = model::Source::kStore};
  policy.rule_type = model::RuleType::kNone;
  policy.reject_message = "no";
  policy.conditions = {{.type = model::ConditionType::kUser, .values = {"mallory", "eve "}}};
  ASSERT_FALSE(Validate(policy)) << "such as older gateways stored";
  ASSERT_TRUE(store->Edit("put", [&](ConfigurationEdit& edit) { return edit.Put(policy); }));
  const auto loaded = Open()->LoadConfiguration();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE(loaded->configuration->policies.front().enabled);
  EXPECT_TRUE(loaded->damaged.empty());
}

}  // namespace
}  // namespace gateway::store
