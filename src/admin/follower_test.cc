#include "admin/follower.h"

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <mutex>

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "base/clock.h"
#include "store/temporary_directory.h"
#include "telemetry/captured_lines.h"

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
    return changed.wait_for(lock, 60s, [&] { return condition(*latest); });
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

TEST_F(FollowedMarks, WaitUntilTheirBackendIsKnown) {
  ASSERT_TRUE(reader.follower.TakeOver());
  ASSERT_TRUE(writer.store->SaveMark({.backend_id = "f1", .healthy = true}));
  ASSERT_TRUE(reader.follower.TakeOver());
  reader.registry.ReplaceFile({.backends = {{.id = "f1", .url = Url{false, "127.0.0.1", 1}}}},
                              "adhoc");
  ASSERT_TRUE(reader.follower.TakeOver());
  EXPECT_TRUE(reader.registry.Current()->FindBackend("f1")->Eligible());
}

TEST_F(FollowedMarks, AreKnownBeforeTheStateOfTheirBackendIsPublished) {
  reader.registry.SetMarksHold(model::Registry::MarksHold::kUntilCleared);
  writer.Put("c1");
  ASSERT_TRUE(reader.follower.TakeOver());
  reader.registry.MarkHealth("c1", true);
  ASSERT_TRUE(writer.store->SaveMark({.backend_id = "c1", .healthy = false}));
  writer.Put("c2");
  bool ever = false;
  reader.registry.Subscribe([&](const model::SnapshotPtr& now) {
    ever = ever || (now->FindBackend("c2") && now->FindBackend("c1")->Eligible());
  });
  ASSERT_TRUE(reader.follower.TakeOver());
  EXPECT_NE(reader.registry.Current()->FindBackend("c2"), nullptr);
  EXPECT_FALSE(ever);
}

TEST_F(FollowerTest, FollowsADatabaseThatWasRestoredFromABackup) {
  writer.Put("old");
  store::Store& store = *reader.store;
  ASSERT_TRUE(reader.follower.TakeOver());
  const auto saved = *store.ChangeCounter();
  writer.Put("new");
  ASSERT_TRUE(reader.follower.TakeOver());
  EXPECT_NE(reader.registry.Current()->FindBackend("new"), nullptr);
  // What a restored file says: fewer backends, and an older number.
  {
    soci::session sql(soci::sqlite3, directory.File("gateway.db").string());
    sql << "DELETE FROM backends WHERE id = 'new'";
    sql << "UPDATE changes SET counter = " << saved;
  }
  reader.follower.Start();
  EXPECT_TRUE(reader.Sees([](const auto& now) { return now.FindBackend("new") == nullptr; }));
  EXPECT_EQ(reader.publisher.counter(), saved);
}

class PublisherTest : public testing::Test {
 protected:
  static std::shared_ptr<const model::Configuration> configuration(std::string id) {
    auto made = std::make_shared<model::Configuration>();
    made->backends.push_back({.id = std::move(id), .url = Url{false, "127.0.0.1", 1}});
    return made;
  }

  SystemClock clock;
  model::Registry registry{clock, "adhoc"};
  rules::RuleBook rules{clock};
  telemetry::Logger logger{telemetry::Level::kError};
  Publisher publisher{registry, rules, logger};
};

TEST_F(PublisherTest, NeverPublishesAnOlderConfiguration) {
  publisher.Publish({configuration("new"), 7});
  publisher.Publish({configuration("old"), 6});
  EXPECT_NE(registry.Current()->FindBackend("new"), nullptr);
  EXPECT_EQ(registry.Current()->FindBackend("old"), nullptr);
  EXPECT_EQ(publisher.counter(), 7U);
}

TEST_F(PublisherTest, FollowsADatabaseThatWasRestored) {
  publisher.Publish({configuration("new"), 7});
  publisher.Publish({configuration("read before"), 3}, 5);
  EXPECT_EQ(publisher.counter(), 7U);
  publisher.Publish({configuration("restored"), 3}, 7);
  EXPECT_NE(registry.Current()->FindBackend("restored"), nullptr);
  EXPECT_EQ(publisher.counter(), 3U);
}

using Lines = std::vector<boost::json::object>;

Lines LinesOf(const Lines& lines, std::string_view event) {
  Lines found;
  std::ranges::copy_if(lines, std::back_inserter(found),
                       [&](const auto& line) { return line.at("event").as_string() == event; });
  return found;
}

TEST(Publisher, NamesRowsThatCouldNotBeReadOnce) {
  SystemClock clock;
  model::Registry registry(clock, "adhoc");
  rules::RuleBook rules(clock);
  const auto lines = telemetry::CaptureLines([&] {
    telemetry::Logger logger(telemetry::Level::kError);
    Publisher publisher(registry, rules, logger);
    for (const std::uint64_t counter : {1U, 2U}) {
      publisher.Publish({.configuration = std::make_shared<model::Configuration>(),
                         .counter = counter,
                         .damaged = {{store::Kind::kGroup, "etl", "no strategy", false}}});
    }
  });
  const auto told = LinesOf(lines, "store.damaged");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].at("kind"), "group");
  EXPECT_EQ(told[0].at("id"), "etl");
}

// On a machine so busy that time flies while scripts run.
struct HastyClock final : Clock {
  TimePoint Now() const override {
    ++looks;
    return now += step;
  }
  WallTime WallNow() const override { return WallTime(1'700'000'000s); }

  mutable TimePoint now{1h};
  mutable int looks = 0;
  std::chrono::milliseconds step{0};
};

TEST(Publisher, TriesRulesAgainThatWereRefusedForLackOfTime) {
  HastyClock clock;
  model::Registry registry(clock, "adhoc");
  rules::RuleBook rules(clock);
  const auto lines = telemetry::CaptureLines([&] {
    telemetry::Logger logger(telemetry::Level::kError);
    Publisher publisher(registry, rules, logger);
    auto made = std::make_shared<model::Configuration>();
    made->rules.push_back({.id = "r", .script = "for i = 1, 1000 do end return 'etl'"});
    clock.step = 1s;
    for (int round = 0; round < 2; ++round) publisher.Publish({made, 1});
    EXPECT_TRUE(rules.current()->empty());
    clock.step = 0ms;
    publisher.Publish({made, 1});
    ASSERT_EQ(rules.current()->size(), 1U);
    const auto version = rules.version();
    publisher.Publish({made, 1});
    EXPECT_EQ(rules.version(), version);  // once is enough
  });
  EXPECT_EQ(LinesOf(lines, "rules.refused").size(), 1U);
}

TEST(Publisher, TriesRulesThatNeverRunEverMoreRarely) {
  HastyClock clock;
  model::Registry registry(clock, "adhoc");
  rules::RuleBook rules(clock);
  telemetry::Logger logger(telemetry::Level::kError);
  Publisher publisher(registry, rules, logger);
  auto made = std::make_shared<model::Configuration>();
  made->rules.push_back({.id = "r", .script = "for i = 1, 1000 do end return 'etl'"});
  const auto tries = [&](std::uint64_t counter) {
    const int before = clock.looks;
    publisher.Publish({made, counter});
    return clock.looks > before;
  };
  clock.step = 1s;
  EXPECT_TRUE(tries(1));
  std::vector<int> rounds;
  for (int round = 1; round <= 200; ++round) {
    // Writes of other things, such as marks, are no reason to try more often.
    if (tries(1 + static_cast<std::uint64_t>(round / 2))) rounds.push_back(round);
  }
  EXPECT_EQ(rounds, (std::vector{1, 2, 4, 8, 16, 32, 64, 128, 192}));
  made = std::make_shared<model::Configuration>(*made);
  made->rules[0].priority = 7;
  EXPECT_TRUE(tries(200)) << "they have changed";
  EXPECT_TRUE(tries(200)) << "and are tried as often as new ones";
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
