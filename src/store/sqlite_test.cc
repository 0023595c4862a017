// What only SQLite does: files, locks between processes, memory.
#include <fstream>
#include <latch>
#include <thread>

#include <gtest/gtest.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "base/fake_clock.h"
#include "base/result_testing.h"
#include "store/store.h"
#include "store/temporary_directory.h"

namespace gateway::store {
namespace {

using namespace std::chrono_literals;

struct SqliteTest : testing::Test {
  StoreOptions Options(std::chrono::milliseconds busy_timeout = 1ms) const {
    StoreOptions options;
    options.url = "sqlite:" + path.string();
    options.statement_timeout = busy_timeout;
    return options;
  }
  std::unique_ptr<Store> Open() {
    auto opened = Store::Open(Options(), clock);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? *std::move(opened) : nullptr;
  }
  // A second connection, as another process or an operator has it.
  soci::session Intruder() const { return soci::session(soci::sqlite3, path.string()); }

  static Expected<StoredConfiguration> Put(Store& store) {
    return store.Edit("cannot save", [](ConfigurationEdit& edit) {
      return edit.Put(model::Backend{.id = "c1", .url = Url{false, "127.0.0.1", 8080}});
    });
  }

  TemporaryDirectory directory;
  std::filesystem::path path = directory.File("gateway.db");
  FakeClock clock;
};

TEST_F(SqliteTest, WorksInMemory) {
  auto store = Store::Open({.url = "sqlite::memory:"}, clock);
  ASSERT_TRUE(store) << store.error().message;
  ASSERT_TRUE(Put(**store));
  EXPECT_EQ((*store)->LoadConfiguration()->configuration->backends.size(), 1U);
}

TEST_F(SqliteTest, OpensAPathWithSpacesAndEqualSigns) {
  path = directory.File("a = b c.db");
  ASSERT_TRUE(Put(*Open()));
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(SqliteTest, ReportsAFileThatIsNoDatabase) {
  std::ofstream(path) << std::string(8192, 'x');
  const auto opened = Store::Open(Options(), clock);
  EXPECT_EQ(CodeOf(opened), ErrorCode::kUnavailable);
  EXPECT_NE(opened.error().message.find("damaged"), std::string::npos) << opened.error().message;
}

TEST_F(SqliteTest, ReportsADirectoryWhereNothingCanBeCreated) {
  // /proc refuses new files even to root.
  for (const auto* file : {"/proc/gateway.db", "/nowhere/at/all/gateway.db"}) {
    SCOPED_TRACE(file);
    path = file;
    const auto opened = Store::Open(Options(), clock);
    EXPECT_EQ(CodeOf(opened), ErrorCode::kUnavailable);
    EXPECT_EQ(opened.error().origin, Origin::kStore);
    EXPECT_NE(opened.error().message.find("directory"), std::string::npos)
        << opened.error().message;
  }
}

TEST_F(SqliteTest, OpensLazilyOnceTheFileCanBeCreated) {
  path = directory.File("later") / "gateway.db";
  const auto store = *Store::OpenLazily(Options(), clock);
  EXPECT_EQ(CodeOf(Put(*store)), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(store->LoadSuffixes()), ErrorCode::kUnavailable);
  std::filesystem::create_directory(path.parent_path());
  EXPECT_TRUE(Put(*store));
}

TEST_F(SqliteTest, ReportsADatabaseLockedByAnotherProcessAndRecovers) {
  const auto store = Open();
  {
    auto other = Intruder();
    other << "BEGIN IMMEDIATE";
    const auto result = Put(*store);
    EXPECT_EQ(CodeOf(result), ErrorCode::kUnavailable);
    EXPECT_NE(result.error().message.find("locked"), std::string::npos) << result.error().message;
    EXPECT_EQ(result.error().message.find("BEGIN"), std::string::npos) << result.error().message;
    EXPECT_TRUE(store->LoadConfiguration()) << "readers wait for no writer";
    other << "ROLLBACK";
  }
  EXPECT_TRUE(Put(*store));
}

TEST_F(SqliteTest, OpensAMigratedDatabaseWhileAnotherProcessWrites) {
  Open();
  auto other = Intruder();
  other << "BEGIN IMMEDIATE";
  EXPECT_TRUE(Store::Open(Options(), clock));
}

TEST_F(SqliteTest, WritesOnceAnotherProcessHasFinishedItsWrite) {
  Open();
  auto other = Intruder();
  other << "BEGIN IMMEDIATE";
  std::latch opening(1);
  Expected<StoredConfiguration> edited;
  std::jthread writer([&] {
    const auto store = *Store::Open(Options(20s), clock);  // only a hang reaches it
    opening.count_down();
    edited = Put(*store);
  });
  opening.wait();
  other << "INSERT INTO coordinator_suffixes (suffix, backend_id, seen_at) VALUES ('a', 'c1', 0)";
  other << "COMMIT";
  writer.join();
  EXPECT_TRUE(edited) << edited.error().message;
}

}  // namespace
}  // namespace gateway::store
