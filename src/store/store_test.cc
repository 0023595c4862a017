#include "store/store.h"

#include <fstream>
#include <latch>
#include <thread>

#include <gtest/gtest.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "base/fake_clock.h"
#include "base/result_testing.h"
#include "store/temporary_directory.h"

namespace gateway::store {
namespace {

using namespace std::chrono_literals;

const model::Backend kBackend{
    .id = "c1", .url = Url{true, "trino.example", 8443}, .enabled = false};
const model::Group kGroup{
    .id = "adhoc", .backends = {"c2", "c1"}, .strategy = model::Strategy::kLeastLoad};
const model::Policy kPolicy{.id = "etl",
                            .rule_type = model::RuleType::kHeaderClientTags,
                            .rule_value = "it's \"etl\"; DROP TABLE policies",
                            .group = "adhoc",
                            .fallback_group = "spare"};

struct StoreTest : testing::Test {
  std::string Url() const { return "sqlite:" + path.string(); }
  std::unique_ptr<Store> Open() {
    auto opened = Store::Open(Url(), clock, 1ms);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? *std::move(opened) : nullptr;
  }
  // A second connection, as another process or an operator has it.
  soci::session Intruder() const { return soci::session(soci::sqlite3, path.string()); }

  TemporaryDirectory directory;
  std::filesystem::path path = directory.File("gateway.db");
  FakeClock clock;
};

TEST_F(StoreTest, StartsEmpty) {
  const auto store = Open();
  EXPECT_EQ(store->LoadConfiguration(), model::Configuration{});
  EXPECT_EQ(store->LoadSuffixes(), std::vector<SuffixSighting>{});
}

TEST_F(StoreTest, KeepsEveryFieldOverReopening) {
  {
    const auto store = Open();
    ASSERT_TRUE(store->CreateBackend(kBackend));
    ASSERT_TRUE(store->CreateGroup(kGroup));
    ASSERT_TRUE(store->CreatePolicy(kPolicy));
  }
  const model::Configuration expected{{kBackend}, {kGroup}, {kPolicy}};
  EXPECT_EQ(Open()->LoadConfiguration(), expected);
}

TEST_F(StoreTest, WorksInMemory) {
  auto store = Store::Open("sqlite::memory:", clock);
  ASSERT_TRUE(store) << store.error().message;
  ASSERT_TRUE((*store)->CreateBackend(kBackend));
  EXPECT_EQ((*store)->LoadConfiguration()->backends, std::vector{kBackend});
}

TEST_F(StoreTest, RefusesASecondObjectOfTheSameIdAndKeepsTheFirst) {
  const auto store = Open();
  ASSERT_TRUE(store->CreateGroup(kGroup));
  auto other = kGroup;
  other.backends = {"c9"};
  const auto result = store->CreateGroup(other);
  EXPECT_EQ(CodeOf(result), ErrorCode::kAlreadyExists);
  EXPECT_EQ(result.error().message, "group 'adhoc' exists already");
  EXPECT_EQ(store->LoadConfiguration()->groups, std::vector{kGroup});
}

TEST_F(StoreTest, DeletesWhatItHoldsAndNothingElse) {
  const auto store = Open();
  auto second = kGroup;
  second.id = "other";
  ASSERT_TRUE(store->CreateGroup(kGroup));
  ASSERT_TRUE(store->CreateGroup(second));
  ASSERT_TRUE(store->DeleteGroup("adhoc"));
  EXPECT_EQ(store->LoadConfiguration()->groups, std::vector{second});
}

TEST_F(StoreTest, ADeletedGroupCanBeCreatedAgainWithOtherMembers) {
  const auto store = Open();
  ASSERT_TRUE(store->CreateGroup(kGroup));
  ASSERT_TRUE(store->DeleteGroup("adhoc"));
  auto again = kGroup;
  again.backends = {"c1"};
  ASSERT_TRUE(store->CreateGroup(again));
  EXPECT_EQ(store->LoadConfiguration()->groups, std::vector{again});
}

TEST_F(StoreTest, ReportsDeletionOfWhatIsNotThere) {
  const auto store = Open();
  EXPECT_EQ(CodeOf(store->DeleteBackend("c1")), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(store->DeleteGroup("adhoc' OR '1'='1")), ErrorCode::kNotFound);
  EXPECT_EQ(store->DeletePolicy("etl").error().message, "policy 'etl' does not exist");
}

TEST_F(StoreTest, RemembersSuffixesAndRenewsThem) {
  const auto store = Open();
  ASSERT_TRUE(store->SaveSuffix("eif54", "c1"));
  clock.Advance(1h);
  ASSERT_TRUE(store->SaveSuffix("abcde", "c2"));
  clock.Advance(1h);
  ASSERT_TRUE(store->SaveSuffix("eif54", "c1"));
  const auto now = clock.WallNow();
  const std::vector<SuffixSighting> expected = {{"abcde", "c2", now - 1h}, {"eif54", "c1", now}};
  EXPECT_EQ(store->LoadSuffixes(), expected);
}

TEST_F(StoreTest, ForgetsSuffixesAfterTheRetention) {
  const auto store = Open();
  ASSERT_TRUE(store->SaveSuffix("eif54", "c1"));
  clock.Advance(kSuffixRetention + 1s);
  EXPECT_EQ(store->LoadSuffixes(), std::vector<SuffixSighting>{});
}

TEST_F(StoreTest, ForgetsTheSuffixesOfADeletedBackend) {
  const auto store = Open();
  ASSERT_TRUE(store->CreateBackend(kBackend));
  ASSERT_TRUE(store->SaveSuffix("eif54", "c1"));
  ASSERT_TRUE(store->SaveSuffix("abcde", "c2"));
  ASSERT_TRUE(store->DeleteBackend("c1"));
  ASSERT_EQ(store->LoadSuffixes()->size(), 1U);
  EXPECT_EQ(store->LoadSuffixes()->front().backend_id, "c2");
}

TEST_F(StoreTest, TakesCallsFromManyThreads) {
  const auto store = Open();
  std::latch start(4);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      start.arrive_and_wait();
      for (int i = 0; i < 10; ++i) {
        auto backend = kBackend;
        backend.id = "c" + std::to_string(thread * 10 + i);
        EXPECT_TRUE(store->CreateBackend(backend));
      }
    });
  }
  threads.clear();
  EXPECT_EQ(store->LoadConfiguration()->backends.size(), 40U);
}

TEST_F(StoreTest, NamesTheSupportedSchemesWithoutShowingAPassword) {
  const auto opened = Store::Open("postgresql://gw:secret@db/gateway", clock);
  EXPECT_EQ(CodeOf(opened), ErrorCode::kUnsupported);
  EXPECT_NE(opened.error().message.find("sqlite:PATH"), std::string::npos);
  EXPECT_EQ(opened.error().message.find("secret"), std::string::npos);
}

TEST_F(StoreTest, RefusesAUrlWithoutAPath) {
  EXPECT_EQ(CodeOf(Store::Open("sqlite:", clock)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(Store::Open("sqlite:a\" timeout=9", clock)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(Store::Open("gateway.db", clock)), ErrorCode::kUnsupported);
}

TEST_F(StoreTest, OpensAPathWithSpacesAndEqualSigns) {
  path = directory.File("a = b c.db");
  ASSERT_TRUE(Open()->CreateBackend(kBackend));
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(StoreTest, ReportsAFileThatIsNoDatabase) {
  std::ofstream(path) << std::string(8192, 'x');
  const auto opened = Store::Open(Url(), clock);
  EXPECT_EQ(CodeOf(opened), ErrorCode::kUnavailable);
  EXPECT_NE(opened.error().message.find("damaged"), std::string::npos) << opened.error().message;
}

TEST_F(StoreTest, ReportsADirectoryWhereNothingCanBeCreated) {
  // /proc refuses new files even to root.
  for (const auto url : {"sqlite:/proc/gateway.db", "sqlite:/nowhere/at/all/gateway.db"}) {
    SCOPED_TRACE(url);
    const auto opened = Store::Open(url, clock);
    EXPECT_EQ(CodeOf(opened), ErrorCode::kUnavailable);
    EXPECT_EQ(opened.error().origin, Origin::kStore);
    EXPECT_NE(opened.error().message.find("directory"), std::string::npos)
        << opened.error().message;
  }
}

TEST_F(StoreTest, ReportsADatabaseLockedByAnotherProcessAndRecovers) {
  const auto store = Open();
  {
    auto other = Intruder();
    other << "BEGIN IMMEDIATE";
    const auto result = store->CreateBackend(kBackend);
    EXPECT_EQ(CodeOf(result), ErrorCode::kUnavailable);
    EXPECT_NE(result.error().message.find("locked"), std::string::npos) << result.error().message;
    EXPECT_EQ(result.error().message.find("INSERT"), std::string::npos) << result.error().message;
    other << "ROLLBACK";
  }
  EXPECT_TRUE(store->CreateBackend(kBackend));
}

TEST_F(StoreTest, OpensAMigratedDatabaseOnceAnotherProcessHasFinishedItsWrite) {
  Open();
  auto other = Intruder();
  other << "BEGIN IMMEDIATE";
  std::latch opening(1);
  Expected<std::unique_ptr<Store>> opened = nullptr;
  std::jthread opener([&] {
    opening.count_down();
    opened = Store::Open(Url(), clock, 20s);  // only a hang reaches it
  });
  opening.wait();
  other << "INSERT INTO coordinator_suffixes (suffix, backend_id, seen_at) VALUES ('a', 'c1', 0)";
  other << "COMMIT";
  opener.join();
  EXPECT_TRUE(opened) << opened.error().message;
}

TEST_F(StoreTest, LetsManyGatewaysStartAtOnceOnANewFile) {
  constexpr int kGateways = 8;
  std::latch start(kGateways);
  std::vector<std::jthread> threads;
  for (int i = 0; i < kGateways; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      const auto opened = Store::Open(Url(), clock, 20s);  // only a hang reaches it
      EXPECT_TRUE(opened) << opened.error().message;
    });
  }
}

TEST_F(StoreTest, ReportsRowsThatItDidNotWrite) {
  const auto store = Open();
  ASSERT_TRUE(store->CreateGroup(kGroup));
  Intruder() << "UPDATE groups_ SET strategy = 'fastest'";
  const auto loaded = store->LoadConfiguration();
  EXPECT_EQ(CodeOf(loaded), ErrorCode::kInternal);
  EXPECT_NE(loaded.error().message.find("group 'adhoc'"), std::string::npos);
}

}  // namespace
}  // namespace gateway::store
