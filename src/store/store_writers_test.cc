// Several threads and instances on one database.
#include <atomic>
#include <latch>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "store/store_testing.h"
#include "store/stored_objects.h"

namespace gateway::store {
namespace {

using namespace std::chrono_literals;

struct StoreWritersTest : OnEachDatabase {};
INSTANTIATE_TEST_SUITE_P(On,
                         StoreWritersTest,
                         testing::ValuesIn(TestDatabases()),
                         NameOfTestDatabase);

TEST_P(StoreWritersTest, LosesNoUpdateOfTwoInstances) {
  constexpr int kEditsEach = 25;
  auto options = Options();
  options.acquire_timeout = options.statement_timeout = 60s;  // neither queue is fair
  const auto first = Open(options);
  const auto second = Open(options);
  ASSERT_TRUE(first->Edit("put", [](ConfigurationEdit& edit) {
    return edit.Put(model::Policy{.id = "p", .priority = 0});
  }));
  std::latch start(4);
  std::vector<std::jthread> threads;
  for (auto* store : {first.get(), first.get(), second.get(), second.get()}) {
    threads.emplace_back([&start, store] {
      start.arrive_and_wait();
      for (int i = 0; i < kEditsEach; ++i) {
        const auto edited = store->Edit("add one", [](ConfigurationEdit& edit) {
          auto policy = edit.current().policies.front();
          ++policy.priority;
          return edit.Put(policy);
        });
        EXPECT_TRUE(edited) << edited.error().message;
      }
    });
  }
  threads.clear();
  for (auto* store : {first.get(), second.get()}) {
    EXPECT_EQ(Load(*store).policies.front().priority, 4 * kEditsEach);
  }
}

TEST_P(StoreWritersTest, LoadsMarksWithTheCounterOfTheirMoment) {
  const auto writer = Open();
  const auto reader = Open();
  std::map<std::uint64_t, std::int32_t> written;
  ASSERT_TRUE(writer->SaveMark({.backend_id = "c1", .load = 0}));
  written.emplace(*writer->ChangeCounter(), 0);
  std::atomic<bool> stop{false};
  std::jthread writing([&] {
    for (std::int32_t load = 1; load <= 40; ++load) {
      const auto edited = writer->Edit("mark", [&](ConfigurationEdit& edit) {
        return edit.PutMark({.backend_id = "c1", .load = load});
      });
      EXPECT_TRUE(edited) << edited.error().message;
      if (!edited) break;
      written.emplace(edited->counter, load);
    }
    stop = true;
  });
  std::vector<StoredMarks> seen;
  while (!stop) {
    const auto loaded = reader->LoadMarks();
    ASSERT_TRUE(loaded) << loaded.error().message;
    seen.push_back(*loaded);
  }
  writing.join();
  for (const auto& [marks, counter] : seen) EXPECT_EQ(marks.front().load, written.at(counter));
}

TEST_P(StoreWritersTest, LoadsOneMomentWhileOthersWrite) {
  const auto writer = Open();
  const auto reader = Open();
  std::atomic<bool> stop{false};
  std::jthread writing([&] {
    for (int i = 0; i < 40; ++i) {
      const auto id = "x" + std::to_string(i);
      EXPECT_TRUE(writer->Edit("pair", [&](ConfigurationEdit& edit) -> Expected<void> {
        if (auto put = edit.Put(BackendOf(id)); !put) return put;
        return edit.Put(model::Policy{.id = id});
      }));
    }
    stop = true;
  });
  while (!stop) {
    const auto seen = reader->LoadConfiguration();
    ASSERT_TRUE(seen) << seen.error().message;
    EXPECT_EQ(seen->configuration->backends.size(), seen->configuration->policies.size());
  }
}

TEST_P(StoreWritersTest, TellsAWaitingInstanceOfAChange) {
  const auto waiting = Open();
  const auto changing = Open();
  const auto known = *waiting->ChangeCounter();
  const std::atomic<bool> stop{false};
  std::jthread changer([&] {
    // So that the other has begun to listen, most likely; the result is the same if not.
    EXPECT_EQ(changing->AwaitChange(known, 300ms, stop), known);
    EXPECT_TRUE(Put(*changing, BackendOf("c1")));
  });
  // Not told, it would find the change when this is over: after the test's own time limit.
  EXPECT_NE(waiting->AwaitChange(known, 1h, stop), known);
}

TEST_P(StoreWritersTest, StopsWaitingForAChangeWhenAsked) {
  const auto store = Open();
  const auto known = *store->ChangeCounter();
  EXPECT_EQ(store->AwaitChange(known, 0ms, false), known);
  const std::atomic<bool> stop{true};
  EXPECT_EQ(store->AwaitChange(known, 1h, stop), known);
}

TEST_P(StoreWritersTest, TakesCallsFromManyThreads) {
  auto options = Options();
  options.connections = 2;
  options.acquire_timeout = options.statement_timeout = 60s;  // neither queue is fair
  const auto store = Open(options);
  std::latch start(6);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 6; ++thread) {
    threads.emplace_back([&, thread] {
      start.arrive_and_wait();
      for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(Put(*store, BackendOf("c" + std::to_string(thread * 10 + i))));
        EXPECT_TRUE(store->ListQueries({}));
      }
    });
  }
  threads.clear();
  EXPECT_EQ(Load(*store).backends.size(), 60U);
}

}  // namespace
}  // namespace gateway::store
