// Several writers at once, and several writes together.
#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "admin/service_fixture.h"
#include "store/temporary_directory.h"

namespace gateway::admin {
namespace {

using namespace std::chrono_literals;

TEST_F(ServiceTest, RefusesAWriteThatIsBasedOnAnOldVersion) {
  const auto first = service.PutBackend(BackendAt("c1", 1), kAny, caller)->backend.version;
  const auto second =
      service.PutBackend(BackendAt("c1", 2), {.versions = {first}}, caller)->backend.version;
  const auto late = service.PutBackend(BackendAt("c1", 3), {.versions = {first}}, caller);
  EXPECT_EQ(CodeOf(late), ErrorCode::kAborted);
  EXPECT_EQ(MessageOf(late), "backend 'c1' was changed meanwhile: it has version " +
                                 std::to_string(second) + " now, not " + std::to_string(first) +
                                 "; read it again");
  EXPECT_EQ(
      CodeOf(service.DeleteBackend("c1", AdminService::Force::kNo, {.versions = {first}}, caller)),
      ErrorCode::kAborted);
  EXPECT_EQ(Stored().backends.front().url.port, 2);
}

TEST_F(ServiceTest, RefusesAWriteThatIsBasedOnADeletedObject) {
  const auto first = service.PutGroup(GroupOf("g", {}), kNew, caller)->version;
  ASSERT_TRUE(service.DeleteGroup("g", kAny, caller));
  ASSERT_TRUE(service.PutGroup(GroupOf("g", {"f1"}), kNew, caller));
  EXPECT_EQ(CodeOf(service.PutGroup(GroupOf("g", {}), {.versions = {first}}, caller)),
            ErrorCode::kAborted);
  EXPECT_EQ(CodeOf(service.DeleteGroup("g", {.versions = {first}}, caller)), ErrorCode::kAborted);
}

TEST_F(ServiceTest, LosesNoMarkOfTwoWritersAtOnce) {
  std::latch start(2);
  std::jthread health([&] {
    start.arrive_and_wait();
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(service.MarkBackend("f1", true, caller));
  });
  start.arrive_and_wait();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(service.SetBackendLoad("f1", i, caller));
  health.join();
  const auto marks = store->LoadMarks();
  ASSERT_TRUE(marks) << MessageOf(marks);
  EXPECT_EQ(marks->marks.front().healthy, true);
  EXPECT_EQ(marks->marks.front().load, 19);
}

// Looks, whenever a script is tried, whether others may write.
class LookingClock final : public Clock {
 public:
  explicit LookingClock(const std::string& path) : sql_(soci::sqlite3, path) {}

  TimePoint Now() const override {
    ++looks;
    try {
      sql_ << "BEGIN IMMEDIATE";
      sql_ << "ROLLBACK";
    } catch (const soci::soci_error&) {
      ++locked;
    }
    return TimePoint(1h);
  }
  WallTime WallNow() const override { return WallTime(1'700'000'000s); }

  mutable int looks = 0;
  mutable int locked = 0;

 private:
  mutable soci::session sql_;
};

struct TrialTest : ServiceTest {
  // With `meanwhile` done after the rule was read for its trial.
  Expected<model::Rule> Change(const std::string& script,
                               const std::function<void()>& meanwhile = {},
                               const Precondition& precondition = kAny) {
    int calls = 0;
    return changing.ChangeRule(
        "r",
        [&](model::Rule& rule) -> Expected<void> {
          if (++calls == 1 && meanwhile) meanwhile();
          rule.script = script;
          return {};
        },
        precondition, caller);
  }

  model::Rule StoredRule() { return file->LoadConfiguration()->configuration->rules.front(); }

  const store::TemporaryDirectory directory;
  const std::string path = directory.File("gateway.db").string();
  const std::unique_ptr<store::Store> file = *store::Store::Open({.url = "sqlite:" + path}, clock);
  LookingClock looking{path};
  AdminService changing{{looking, registry, *file, publisher, logger, {}}};
};

TEST_F(TrialTest, TriesAChangedScriptWhileOthersMayWrite) {
  ASSERT_TRUE(changing.PutRule({.id = "r", .script = "return nil"}, kNew, caller));
  looking.looks = 0;
  ASSERT_TRUE(Change("return 'etl'"));
  EXPECT_GT(looking.looks, 0);
  EXPECT_EQ(looking.locked, 0);
  EXPECT_EQ(StoredRule().script, "return 'etl'");
  EXPECT_EQ(CodeOf(Change("while true do end")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(looking.locked, 0);
}

TEST_F(TrialTest, TriesNothingThatMayNotBeWritten) {
  const auto version = changing.PutRule({.id = "r", .script = "return nil"}, kNew, caller)->version;
  ASSERT_TRUE(Change("return 'etl'"));
  EXPECT_EQ(CodeOf(Change("return +", {}, {.versions = {version}})), ErrorCode::kAborted);
  registry.ReplaceFile({.rules = {{.id = "r", .script = "return nil"}}}, "adhoc");
  EXPECT_EQ(CodeOf(Change("return +")), ErrorCode::kConflict);
}

TEST_F(TrialTest, TriesARuleThatSomebodyChangedMeanwhileOnceMore) {
  ASSERT_TRUE(changing.PutRule({.id = "r", .script = "return nil"}, kNew, caller));
  ASSERT_TRUE(Change("return 'etl'", [this] {
    ASSERT_TRUE(file->Edit("another instance", [](store::ConfigurationEdit& edit) {
      return edit.Put(model::Rule{.id = "r", .script = "return nil", .priority = 7, .version = 99});
    }));
  }));
  EXPECT_GT(looking.locked, 0);
  EXPECT_EQ(StoredRule().priority, 7);
  EXPECT_EQ(StoredRule().script, "return 'etl'");
}

TEST_F(ServiceTest, DoesWritesTogetherOrNotAtAll) {
  const auto both = [&](std::int32_t load) {
    return service.Together({"backend", "c1"}, caller, [&](Batch& batch) -> Expected<void> {
      if (auto put = batch.Put(BackendAt("c1", 1), kAny); !put) return put;
      if (auto put = batch.Put(GroupOf("g", {"c1"}), kAny); !put) return put;
      return batch.Mark("c1", true, load);
    });
  };
  EXPECT_EQ(CodeOf(both(-1)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Stored(), model::Configuration{});
  EXPECT_TRUE(service.ListAudit({})->entries.empty());
  ASSERT_TRUE(both(3));
  EXPECT_EQ(Stored().groups.front().backends, std::vector<std::string>{"c1"});
  EXPECT_TRUE(registry.Current()->FindBackend("c1")->Eligible());
  EXPECT_EQ(registry.Current()->FindBackend("c1")->Load(), 3);
}

TEST_F(ServiceTest, LetsOneOfManySimultaneousCreationsWin) {
  std::latch start(4);
  std::atomic<int> created = 0;
  std::vector<std::jthread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      if (service.PutBackend(BackendAt("c1", 8080), kNew, caller)) ++created;
    });
  }
  threads.clear();
  EXPECT_EQ(created, 1);
}

TEST_F(ServiceTest, LosesNoChangeOfManySimultaneousOnes) {
  ASSERT_TRUE(service.PutPolicy(PolicyTo("p", "adhoc"), kAny, caller));
  const auto add = [](model::Policy& policy) {
    ++policy.priority;
    return Expected<void>();
  };
  std::vector<std::jthread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 25; ++j) EXPECT_TRUE(service.ChangePolicy("p", add, kAny, caller));
    });
  }
  threads.clear();
  EXPECT_EQ(service.GetPolicy("p")->priority, 100);
}

}  // namespace
}  // namespace gateway::admin
