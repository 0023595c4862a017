#include "admin/follower.h"

#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "store/temporary_directory.h"

namespace gateway::admin {
namespace {

using namespace std::chrono_literals;

// One gateway process as far as its configuration goes.
struct Instance {
  Instance(const std::string& url, const std::string& id)
      : store(*store::Store::Open({.url = url}, clock)),
        follower(id, clock, *store, registry, publisher, logger) {
    registry.Subscribe([this](const model::SnapshotPtr& snapshot) {
      const std::lock_guard lock(mutex);
      latest = snapshot;
      changed.notify_all();
    });
  }

  // Waits for a published snapshot that satisfies `condition`.
  template <typename Condition>
  bool Sees(Condition condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 10s, [&] { return condition(*latest); });
  }

  void Put(std::string id) {
    const auto stored = store->Edit("cannot write", [&](store::ConfigurationEdit& edit) {
      return edit.Put(model::Backend{.id = id, .url = Url{false, "127.0.0.1", 1}});
    });
    ASSERT_TRUE(stored) << stored.error().message;
    publisher.Publish(*stored);
  }

  SystemClock clock;
  telemetry::Logger logger{telemetry::Level::kError};
  std::unique_ptr<store::Store> store;
  model::Registry registry{clock, "adhoc"};
  rules::RuleBook rules{clock};
  Publisher publisher{registry, rules, logger};
  std::mutex mutex;
  std::condition_variable changed;
  model::SnapshotPtr latest;
  Follower follower;
};

struct FollowerTest : testing::Test {
  store::TemporaryDirectory directory;
  const std::string url = "sqlite:" + directory.File("gateway.db").string();
  Instance writer{url, "writer"};
  Instance reader{url, "reader"};
};

TEST_F(FollowerTest, TakesOverWhatIsStoredWhenItStarts) {
  writer.Put("c1");
  reader.follower.Start();
  EXPECT_TRUE(reader.Sees([](const auto& now) { return now.FindBackend("c1") != nullptr; }));
}

TEST_F(FollowerTest, TakesOverWhatAnotherInstanceChanges) {
  reader.follower.Start();
  for (const auto* id : {"c1", "c2", "c3"}) {
    SCOPED_TRACE(id);
    writer.Put(id);
    EXPECT_TRUE(reader.Sees([id](const auto& now) { return now.FindBackend(id) != nullptr; }));
  }
}

// A mark set through one instance, as others see it. `hold` is that of the reader.
struct FollowedMarks : FollowerTest {
  bool ReaderSees(model::Health health) {
    return reader.Sees([health](const auto& now) {
      const auto* state = now.FindBackend("c1");
      return state && state->status.health == health;
    });
  }
};

TEST_F(FollowedMarks, AreTakenOverAndTakenBack) {
  writer.Put("c1");
  reader.follower.Start();
  ASSERT_TRUE(ReaderSees(model::Health::kUnknown));
  ASSERT_TRUE(writer.store->SaveMark({.backend_id = "c1", .healthy = true}));
  EXPECT_TRUE(ReaderSees(model::Health::kHealthy));
  ASSERT_TRUE(writer.store->SaveMark({.backend_id = "c1"}));
  EXPECT_TRUE(ReaderSees(model::Health::kUnknown));
}

TEST_F(FollowedMarks, OutliveARestartOnlyWhenTheyHoldUntilTheyAreCleared) {
  writer.Put("c1");
  writer.Put("last");
  ASSERT_TRUE(writer.store->SaveMark({.backend_id = "c1", .healthy = true}));
  Instance other(url, "other");
  other.registry.SetMarksHold(model::Registry::MarksHold::kUntilCleared);
  other.follower.Start();
  EXPECT_TRUE(other.Sees([](const auto& now) {
    const auto* state = now.FindBackend("c1");
    return state && state->Eligible();
  }));
  reader.follower.Start();
  ASSERT_TRUE(ReaderSees(model::Health::kUnknown));
  // What is stored now is seen by the second round, so the first has passed over the mark of c1.
  writer.Put("second round");
  ASSERT_TRUE(
      reader.Sees([](const auto& now) { return now.FindBackend("second round") != nullptr; }));
  ASSERT_TRUE(writer.store->SaveMark({.backend_id = "last", .healthy = false}));
  ASSERT_TRUE(reader.Sees([](const auto& now) {
    const auto* state = now.FindBackend("last");
    return state && state->status.marked;
  }));
  EXPECT_TRUE(ReaderSees(model::Health::kUnknown));
}

TEST(Publisher, NeverPublishesAnOlderConfiguration) {
  SystemClock clock;
  model::Registry registry(clock, "adhoc");
  rules::RuleBook rules(clock);
  telemetry::Logger logger(telemetry::Level::kError);
  Publisher publisher(registry, rules, logger);
  const auto configuration = [](std::string id) {
    auto made = std::make_shared<model::Configuration>();
    made->backends.push_back({.id = std::move(id), .url = Url{false, "127.0.0.1", 1}});
    return made;
  };
  publisher.Publish({configuration("new"), 7});
  publisher.Publish({configuration("old"), 6});
  EXPECT_NE(registry.Current()->FindBackend("new"), nullptr);
  EXPECT_EQ(registry.Current()->FindBackend("old"), nullptr);
  EXPECT_EQ(publisher.counter(), 7U);
}

TEST(Publisher, PutsStoredRulesInForceAndKeepsTheLastGoodOnes) {
  SystemClock clock;
  model::Registry registry(clock, "adhoc");
  rules::RuleBook rules(clock);
  telemetry::Logger logger(telemetry::Level::kError);
  Publisher publisher(registry, rules, logger);
  const auto publish = [&](std::string script, bool enabled, std::uint64_t counter) {
    auto made = std::make_shared<model::Configuration>();
    made->rules.push_back({.id = "r", .script = std::move(script), .enabled = enabled});
    publisher.Publish({made, counter});
  };
  publish("return 'etl'", true, 1);
  ASSERT_EQ(rules.current()->size(), 1U);
  EXPECT_EQ(rules.current()->front().file, "rule r");
  const auto version = rules.version();
  publish("return 'etl'", true, 2);
  EXPECT_EQ(rules.version(), version);  // it did not change
  publish("return +", true, 3);
  EXPECT_EQ(rules.current()->front().source, "return 'etl'");
  EXPECT_EQ(registry.Current()->rules().front().script, "return +");
  publish("return 'etl'", false, 4);
  EXPECT_TRUE(rules.current()->empty());
}

}  // namespace
}  // namespace gateway::admin
