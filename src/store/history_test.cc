#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "store/store.h"
#include "store/store_testing.h"

namespace gateway::store {
namespace {

using namespace std::chrono_literals;

struct HistoryTest : OnEachDatabase {
  QueryRecord Record(const std::string& id, std::chrono::seconds age = 0s) const {
    return {.id = id,
            .text = "SELECT ':a', '\\', \"b\" -- \xF0\x9F\x90\x87",
            .user = "alice",
            .source = "trino-cli",
            .client = "10.0.0.1",
            .group_id = "adhoc",
            .backend_id = "c1",
            .server_host = "gateway.example",
            .trace = "policy p",
            .submitted = clock.WallNow() - age};
  }

  static std::vector<std::string> IdsOf(const Expected<QueryPage>& page) {
    EXPECT_TRUE(page) << page.error().message;
    std::vector<std::string> ids;
    if (page) {
      for (const auto& record : page->items) ids.push_back(record.id);
    }
    return ids;
  }
};
INSTANTIATE_TEST_SUITE_P(On, HistoryTest, testing::ValuesIn(TestDatabases()), NameOfTestDatabase);

using Ids = std::vector<std::string>;

TEST_P(HistoryTest, FindsAQueryWithAllThatWasSaved) {
  const auto store = Open();
  const auto record = Record("20261123_212752_00000_eif54");
  ASSERT_TRUE(store->SaveQueries(std::vector{record}));
  EXPECT_EQ(store->FindQuery(record.id), record);
  EXPECT_EQ(CodeOf(store->FindQuery("20261123_212752_00000_EIF54")), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(store->FindQuery("")), ErrorCode::kNotFound);
}

TEST_P(HistoryTest, AddsAQueryThatIsNotThereAndLeavesOneThatIs) {
  const auto store = Open();
  auto record = Record("20261123_212752_00000_eif54");
  record.submitted += 7us;
  record.user = std::string(300, 'u');
  EXPECT_EQ(store->AddQuery(record), true);
  EXPECT_EQ(store->FindQuery(record.id), AsStored(record));
  EXPECT_EQ(store->AddQuery(record), true) << "the same is there already";
  auto other = record;
  other.text = "SELECT 2";
  EXPECT_EQ(store->AddQuery(other), false);
  EXPECT_EQ(store->FindQuery(record.id), AsStored(record));
}

TEST_P(HistoryTest, SavesManyAtOnceAndTheLastOfThoseWithOneId) {
  const auto store = Open();
  std::vector<QueryRecord> records;
  for (int i = 0; i < 1'234; ++i) records.push_back(Record("q" + std::to_string(i % 1'000)));
  records.back().user = "bob";
  ASSERT_TRUE(store->SaveQueries(records));
  EXPECT_EQ(store->ListQueries({.limit = 1})->total, 1'000U);
  EXPECT_EQ(store->FindQuery("q233")->user, "bob");
  records[0].user = "carol";
  ASSERT_TRUE(store->SaveQueries(std::span(records).first(1)));
  EXPECT_EQ(store->ListQueries({.limit = 1})->total, 1'000U);
  EXPECT_EQ(store->FindQuery("q0")->user, "carol");
  EXPECT_TRUE(store->SaveQueries({}));
}

// Together they are more than MariaDB and MySQL take in one packet.
TEST_P(HistoryTest, SavesManyLongTextsAtOnce) {
  const auto store = Open();
  std::vector<QueryRecord> records;
  for (int i = 0; i < 12; ++i) {
    records.push_back(Record("q" + std::to_string(i)));
    records.back().text.assign(1 << 20, '\'');
  }
  const auto saved = store->SaveQueries(records);
  ASSERT_TRUE(saved) << saved.error().message;
  EXPECT_EQ(store->ListQueries({.limit = 1})->total, 12U);
  EXPECT_EQ(store->FindQuery("q11")->text.size(), std::size_t{1} << 20);
}

TEST_P(HistoryTest, ListsByTimePageByPage) {
  const auto store = Open();
  ASSERT_TRUE(store->SaveQueries(
      std::vector{Record("b", 2s), Record("a", 3s), Record("d", 1s), Record("c", 1s)}));
  EXPECT_EQ(IdsOf(store->ListQueries({})), (Ids{"d", "c", "b", "a"}));
  EXPECT_EQ(IdsOf(store->ListQueries({.ascending = true})), (Ids{"a", "b", "c", "d"}));
  const auto page = store->ListQueries({.offset = 1, .limit = 2});
  EXPECT_EQ(IdsOf(page), (Ids{"c", "b"}));
  EXPECT_EQ(page->total, 4U);
  EXPECT_EQ(IdsOf(store->ListQueries({.offset = 9})), Ids{});
}

TEST_P(HistoryTest, EndsAPageWhereItsTextsAreLong) {
  const auto store = Open();
  std::vector<QueryRecord> records{Record("a", 3s), Record("b", 2s), Record("c", 1s)};
  for (auto& record : records) {
    record.text.clear();
    for (int i = 0; i < 100; ++i) record.text += "\xC3\xA9";
    record.trace.assign(100, 'x');
  }
  ASSERT_TRUE(store->SaveQueries(records));
  const auto list = [&](std::size_t offset, std::size_t max_bytes) {
    return store->ListQueries({.offset = offset, .max_bytes = max_bytes});
  };
  EXPECT_EQ(IdsOf(list(0, 900)), (Ids{"c", "b", "a"}));
  EXPECT_EQ(IdsOf(list(0, 899)), (Ids{"c", "b"}));
  EXPECT_EQ(list(0, 899)->total, 3U);
  EXPECT_EQ(IdsOf(list(2, 899)), Ids{"a"});
  EXPECT_EQ(IdsOf(list(0, 1)), Ids{"c"});  // one always
  EXPECT_EQ(IdsOf(list(3, 1)), Ids{});
}

TEST_P(HistoryTest, ListsWhatTheFilterAsksFor) {
  const auto store = Open();
  auto other = Record("other", 10s);
  other.user = "bob' OR '1'='1";
  other.source = "airflow";
  other.backend_id = "c2";
  other.group_id = "etl";
  ASSERT_TRUE(store->SaveQueries(std::vector{Record("one", 5s), other}));
  const auto now = clock.WallNow();
  EXPECT_EQ(IdsOf(store->ListQueries({.user = other.user})), Ids{"other"});
  EXPECT_EQ(IdsOf(store->ListQueries({.user = "Alice"})), Ids{});
  EXPECT_EQ(IdsOf(store->ListQueries({.source = "airflow"})), Ids{"other"});
  EXPECT_EQ(IdsOf(store->ListQueries({.backend_id = "c1"})), Ids{"one"});
  EXPECT_EQ(IdsOf(store->ListQueries({.group_id = "etl", .from = now - 10s})), Ids{"other"});
  EXPECT_EQ(IdsOf(store->ListQueries({.to = now - 5s})), Ids{"other"});
  EXPECT_EQ(IdsOf(store->ListQueries({.from = now - 9s})), Ids{"one"});
  EXPECT_EQ(store->ListQueries({.user = "alice", .backend_id = "c2"})->total, 0U);
}

TEST_P(HistoryTest, TakesWhateverClientsSend) {
  const auto store = Open();
  auto record = Record("evil");
  record.text = std::string("a\0b", 3) + "\xFF" + std::string(2 << 20, 'x');
  record.user = std::string(254, 'u') + "\xC3\xA9";
  ASSERT_TRUE(store->SaveQueries(std::vector{record}));
  const auto found = store->FindQuery("evil");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(
      found->text.starts_with("a\xEF\xBF\xBD"
                              "b\xEF\xBF\xBDxxx"));
  EXPECT_EQ(found->text.size(), std::size_t{1} << 20);
  EXPECT_EQ(found->user, std::string(254, 'u'));
}

TEST_P(HistoryTest, PurgesTheOldestInBoundedBatches) {
  const auto store = Open();
  ASSERT_TRUE(store->SaveQueries(
      std::vector{Record("a", 30s), Record("b", 20s), Record("c", 10s), Record("d")}));
  const auto limit = clock.WallNow() - 10s;
  EXPECT_EQ(store->PurgeQueries(limit, 1), 1U);
  EXPECT_EQ(IdsOf(store->ListQueries({})), (Ids{"d", "c", "b"}));
  EXPECT_EQ(store->PurgeQueries(limit, 100), 1U);
  EXPECT_EQ(store->PurgeQueries(limit, 100), 0U);
  EXPECT_EQ(IdsOf(store->ListQueries({})), (Ids{"d", "c"}));
}

TEST_P(HistoryTest, CountsNoMoreThanTenThousandMatches) {
  const auto store = Open();
  std::vector<QueryRecord> records;
  for (int i = 0; i < 10'001; ++i) records.push_back(Record("q" + std::to_string(i)));
  ASSERT_TRUE(store->SaveQueries(std::span(records).first(10'000)));
  const auto all = store->ListQueries({.limit = 1});
  EXPECT_EQ(all->total, 10'000U);
  EXPECT_FALSE(all->has_more);
  ASSERT_TRUE(store->SaveQueries(records));
  const auto more = store->ListQueries({.limit = 1});
  EXPECT_EQ(more->total, 10'000U);
  EXPECT_TRUE(more->has_more);
}

TEST_P(HistoryTest, KeepsTheAuditLogNewestFirst) {
  const auto store = Open();
  const AuditEntry entry{.actor = "alice",
                         .role = "admin",
                         .client = "10.0.0.1",
                         .method = "BackendApi/PutBackend",
                         .kind = "backend",
                         .object_id = "c1",
                         .before = "",
                         .after = R"({"id":"c1"})"};
  for (const auto* actor : {"alice", "bob", "alice"}) {
    ASSERT_TRUE(store->Edit("audit", [&](ConfigurationEdit& edit) {
      auto one = entry;
      one.actor = actor;
      return edit.Audit(one);
    }));
    clock.Advance(1s);
  }
  const auto page = store->ListAudit({});
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_FALSE(page->has_more);
  const auto& all = page->entries;
  ASSERT_EQ(all.size(), 3U);
  auto expected = entry;
  expected.id = all.front().id;
  expected.at = clock.WallNow() - 1s;
  EXPECT_EQ(all.front(), expected);
  EXPECT_EQ(all[1].actor, "bob");
  EXPECT_GT(all[0].id, all[1].id);

  EXPECT_EQ(store->ListAudit({.actor = "alice"})->entries.size(), 2U);
  EXPECT_EQ(store->ListAudit({.before_id = all[1].id})->entries.front(), all[2]);
  EXPECT_EQ(store->ListAudit({.limit = 1})->entries.size(), 1U);
  EXPECT_EQ(store->ListAudit({.kind = "backend", .object_id = "c2"})->entries.size(), 0U);
  EXPECT_EQ(
      store->ListAudit({.from = clock.WallNow() - 2s, .to = clock.WallNow() - 1s})->entries.size(),
      1U);
}

TEST_P(HistoryTest, EndsAPageOfTheAuditLogWhereItsObjectsAreLarge) {
  const auto store = Open();
  for (const auto* id : {"a", "b", "c"}) {
    ASSERT_TRUE(store->Edit("audit", [&](ConfigurationEdit& edit) {
      return edit.Audit({.object_id = id, .before = std::string(200, 'x'), .after = "\xC3\xA9"});
    }));
  }
  const auto list = [&](std::int64_t before_id, std::size_t max_bytes) {
    const auto page = store->ListAudit({.before_id = before_id, .max_bytes = max_bytes});
    EXPECT_TRUE(page) << page.error().message;
    return page.value_or(AuditPage());
  };
  EXPECT_EQ(list(0, 606).entries.size(), 3U);
  EXPECT_FALSE(list(0, 606).has_more);
  const auto cut = list(0, 605);
  ASSERT_EQ(cut.entries.size(), 2U);
  EXPECT_TRUE(cut.has_more);
  const auto rest = list(cut.entries.back().id, 1);  // one always
  ASSERT_EQ(rest.entries.size(), 1U);
  EXPECT_EQ(rest.entries.front().object_id, "a");
  EXPECT_FALSE(rest.has_more);
  EXPECT_TRUE(store->ListAudit({.limit = 3})->has_more);  // as full as asked for
}

}  // namespace
}  // namespace gateway::store
