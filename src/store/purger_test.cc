#include "store/purger.h"

#include <gtest/gtest.h>

#include "store/store_testing.h"

namespace gateway::store {
namespace {

using namespace std::chrono_literals;

struct PurgerTest : OnEachDatabase {
  static void Audit(Store& store, std::string id) {
    ASSERT_TRUE(store.Edit("audit", [&](ConfigurationEdit& edit) {
      AuditEntry entry;
      entry.object_id = std::move(id);
      return edit.Audit(entry);
    }));
  }
  void Record(Store& store, std::string id) const {
    const QueryRecord record{.id = std::move(id), .submitted = clock.WallNow()};
    ASSERT_TRUE(store.SaveQueries({&record, 1}));
  }
};
INSTANTIATE_TEST_SUITE_P(On, PurgerTest, testing::ValuesIn(TestDatabases()), NameOfTestDatabase);

TEST_P(PurgerTest, DeletesWhatIsOlderThanItsRetention) {
  const auto store = Open();
  Audit(*store, "old");
  Record(*store, "old");
  clock.Advance(24h);
  Audit(*store, "young");
  Record(*store, "young");
  clock.Advance(24h);
  Purger purger({.history_days = 1, .audit_days = 1}, *store, clock);
  ASSERT_TRUE(purger.PurgeOnce());
  const auto audit = store->ListAudit({});
  ASSERT_EQ(audit->entries.size(), 1U);
  EXPECT_EQ(audit->entries.front().object_id, "young");
  const auto queries = store->ListQueries({});
  ASSERT_EQ(queries->items.size(), 1U);
  EXPECT_EQ(queries->items.front().id, "young");
}

TEST_P(PurgerTest, KeepsTheAuditLogForEverWhenSetSo) {
  const auto store = Open();
  for (const auto* id : {"a", "b"}) Audit(*store, id);
  clock.Advance(24h * 10'000);
  Purger purger({.audit_days = 0}, *store, clock);
  ASSERT_TRUE(purger.PurgeOnce());
  EXPECT_EQ(store->ListAudit({})->entries.size(), 2U);
}

TEST_P(PurgerTest, DeletesTheAuditLogOldestFirstAndNeverItsLastEntry) {
  const auto store = Open();
  for (const auto* id : {"a", "b", "c", "d"}) Audit(*store, id);
  clock.Advance(1h);
  EXPECT_EQ(store->PurgeAudit(clock.WallNow(), 2), 2U);
  EXPECT_EQ(store->ListAudit({})->entries.back().object_id, "c");
  // Its number must not be given out again.
  EXPECT_EQ(store->PurgeAudit(clock.WallNow(), 100), 1U);
  Audit(*store, "e");
  EXPECT_EQ(store->ListAudit({})->entries.front().id, 5);
}

}  // namespace
}  // namespace gateway::store
