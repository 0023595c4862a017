// The databases that the suites of this room run on. For *_test.cc only.
//
// SQLite always; PostgreSQL and MySQL where GATEWAY_TEST_POSTGRESQL or GATEWAY_TEST_MYSQL names an
// empty database that the tests may fill and clear (tests/databases/servers.py starts such).
#pragma once

#include <algorithm>
#include <cstdlib>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <soci/soci.h>

#include "base/fake_clock.h"
#include "store/database.h"
#include "store/migrations.h"
#include "store/store.h"
#include "store/temporary_directory.h"

namespace gateway::store {

struct TestDatabase {
  std::string name;
  std::string url;  // empty: a fresh SQLite file

  friend void PrintTo(const TestDatabase& database, std::ostream* out) { *out << database.name; }
};

inline std::vector<TestDatabase> TestDatabases() {
  std::vector<TestDatabase> databases = {{"Sqlite", ""}};
  if (const char* url = std::getenv("GATEWAY_TEST_POSTGRESQL")) {
    databases.push_back({"Postgresql", url});
  }
  if (const char* url = std::getenv("GATEWAY_TEST_MYSQL")) databases.push_back({"Mysql", url});
  return databases;
}

inline std::string NameOfTestDatabase(const testing::TestParamInfo<TestDatabase>& info) {
  return info.param.name;
}

// A database without any table at the start of each test.
class OnEachDatabase : public testing::TestWithParam<TestDatabase> {
 protected:
  void SetUp() override { Clear(); }
  void TearDown() override { Clear(); }

  StoreOptions Options() const {
    StoreOptions options;
    options.url = GetParam().url.empty() ? "sqlite:" + path.string() : GetParam().url;
    return options;
  }

  std::unique_ptr<Store> Open() const { return Open(Options()); }
  std::unique_ptr<Store> Open(const StoreOptions& options) const {
    auto opened = Store::Open(options, clock);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? *std::move(opened) : nullptr;
  }

  // Runs statements as another process or an operator does.
  void Execute(const std::vector<std::string>& statements) const {
    Database other(*ParseStoreUrl(Options().url), Options());
    const auto done =
        other.Run(Access::kLook, "intruder", [&](soci::session& sql) -> Expected<void> {
          for (const auto& statement : statements) sql << statement;
          return {};
        });
    EXPECT_TRUE(done) << done.error().message;
  }

  // The names of all tables, in order, as one text.
  std::string Tables() const {
    Database other(*ParseStoreUrl(Options().url), Options());
    const auto read =
        other.Run(Access::kLook, "tables", [&](soci::session& sql) -> Expected<std::string> {
          std::string name;
          std::vector<std::string> names;
          soci::statement rows = (sql.prepare_table_names(), soci::into(name));
          rows.execute();
          while (rows.fetch()) names.push_back(name);
          std::ranges::sort(names);
          std::string all;
          for (const auto& each : names) all += each + " ";
          return all;
        });
    EXPECT_TRUE(read) << read.error().message;
    return read.value_or("");
  }

  TemporaryDirectory directory;
  std::filesystem::path path = directory.File("gateway.db");
  FakeClock clock;

 private:
  void Clear() const {
    if (GetParam().url.empty()) return;
    // Not by the steps' own way back, which may be what is broken.
    for (const auto* table :
         {"rules", "leases", "probe_results", "audit_log", "queries", "instance_loads",
          "backend_marks", "changes", "coordinator_suffixes", "policies", "group_backends",
          "groups_", "backends", "schema_version", "left_over"}) {
      Execute({std::string("DROP TABLE IF EXISTS ") + table});
    }
  }
};

}  // namespace gateway::store
