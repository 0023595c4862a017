// What is kept of each write.
#include <chrono>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "admin/service_fixture.h"
#include "store/temporary_directory.h"

namespace gateway::admin {
namespace {

struct FileServiceTest : ServiceTest {
  const store::TemporaryDirectory directory;
  const std::string path = directory.File("gateway.db").string();
  const std::unique_ptr<store::Store> file = *store::Store::Open({.url = "sqlite:" + path}, clock);
  AdminService on_file{{clock, registry, *file, publisher, logger, {}}};
};

TEST_F(ServiceTest, KeepsAnAuditOfEveryWrite) {
  ASSERT_TRUE(service.PutPolicy(PolicyTo("p", "adhoc"), kAny, caller));
  ASSERT_TRUE(service.DeletePolicy("p", kAny, caller));
  EXPECT_FALSE(service.DeletePolicy("p", kAny, caller));
  const auto page = service.ListAudit({});
  ASSERT_TRUE(page) << MessageOf(page);
  const auto& entries = page->entries;
  ASSERT_EQ(entries.size(), 2U);
  const auto& deletion = entries.front();
  EXPECT_EQ(deletion.actor, "ada");
  EXPECT_EQ(deletion.role, "admin");
  EXPECT_EQ(deletion.client, "127.0.0.1");
  EXPECT_EQ(deletion.method, "Test/Method");
  EXPECT_EQ(deletion.kind, "policy");
  EXPECT_EQ(deletion.object_id, "p");
  EXPECT_EQ(deletion.before, entries.back().after);
  EXPECT_NE(deletion.before.find(R"("group":"adhoc")"), std::string::npos) << deletion.before;
  EXPECT_EQ(deletion.after, "");
}

TEST_F(ServiceTest, KeepsAnAuditOfMarks) {
  ASSERT_TRUE(service.MarkBackend("f1", false, caller));
  ASSERT_TRUE(service.SetBackendLoad("f1", 7, caller));
  ASSERT_TRUE(service.ClearMarks("f1", caller));
  const auto page = service.ListAudit({.kind = "backend", .object_id = "f1"});
  ASSERT_TRUE(page) << MessageOf(page);
  const auto& entries = page->entries;
  ASSERT_EQ(entries.size(), 3U);
  const std::string none = R"({"id":"f1","marked_healthy":null,"marked_load":null})";
  const std::string both = R"({"id":"f1","marked_healthy":false,"marked_load":7})";
  EXPECT_EQ(entries[2].before, none);
  EXPECT_EQ(entries[1].after, both);
  EXPECT_EQ(entries[0].before, both);
  EXPECT_EQ(entries[0].after, none);
  EXPECT_EQ(entries[0].actor, "ada");
}

TEST_F(ServiceTest, KeepsAnAuditOfQueriesThatAreReplacedInTheHistory) {
  store::QueryRecord query{.id = "20261123_212752_00000_aaaaa", .text = "SELECT 1", .user = "bob"};
  ASSERT_TRUE(service.SaveQuery(query, caller));
  ASSERT_TRUE(service.SaveQuery(query, caller));  // says nothing new
  query.text = "SELECT 2";
  query.user = "eve";
  ASSERT_TRUE(service.SaveQuery(query, caller));
  EXPECT_EQ(*service.GetQuery(query.id), query);
  const auto page = service.ListAudit({.kind = "query"});
  ASSERT_TRUE(page) << MessageOf(page);
  ASSERT_EQ(page->entries.size(), 1U);
  const auto& entry = page->entries.front();
  EXPECT_EQ(entry.actor, "ada");
  EXPECT_EQ(entry.object_id, query.id);
  EXPECT_NE(entry.before.find(R"("user":"bob")"), std::string::npos) << entry.before;
  EXPECT_NE(entry.after.find(R"("user":"eve")"), std::string::npos) << entry.after;
  EXPECT_EQ((entry.before + entry.after).find("SELECT"), std::string::npos);
}

TEST_F(ServiceTest, ComparesAndAuditsQueriesAsTheyAreStored) {
  store::QueryRecord query{.id = "20261123_212752_00000_" + std::string(200, 'a'),
                           .text = "SELECT '\xff'",
                           .user = std::string(300, 'u'),
                           .trace = "policy p"};
  query.submitted = clock.WallNow() + std::chrono::microseconds(7);
  ASSERT_TRUE(service.SaveQuery(query, caller));
  ASSERT_TRUE(service.SaveQuery(query, caller));
  EXPECT_TRUE(service.ListAudit({})->entries.empty()) << "it is stored as it was";
  query.trace = "policy q";
  ASSERT_TRUE(service.SaveQuery(query, caller));
  const auto page = service.ListAudit({.kind = "query"});
  ASSERT_TRUE(page) << MessageOf(page);
  ASSERT_EQ(page->entries.size(), 1U);
  const auto stored = *service.GetQuery(query.id);
  const auto& entry = page->entries.front();
  EXPECT_EQ(entry.object_id, stored.id);
  EXPECT_NE(entry.after.find(R"("user":")" + stored.user + '"'), std::string::npos) << entry.after;
  EXPECT_NE(entry.before, entry.after);
  EXPECT_EQ((entry.before + entry.after).find("policy"), std::string::npos);
}

TEST_F(FileServiceTest, RecordsNewQueriesWithoutWaitingForWritersOfTheConfiguration) {
  store::QueryRecord query{.id = "20261123_212752_00000_aaaaa", .text = "SELECT 1"};
  ASSERT_TRUE(on_file.SaveQuery({.id = "opens the store"}, caller));
  soci::session(soci::sqlite3, path) << "DELETE FROM changes";  // the row that they lock
  EXPECT_TRUE(on_file.SaveQuery(query, caller));
  EXPECT_TRUE(on_file.SaveQuery(query, caller)) << "it changes nothing";
  query.text = "SELECT 2";
  EXPECT_FALSE(on_file.SaveQuery(query, caller));
  EXPECT_EQ(on_file.GetQuery(query.id)->text, "SELECT 1");
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
