#include "admin/probe_sharer.h"

#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "base/result_testing.h"
#include "store/temporary_directory.h"

namespace gateway::admin {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kInterval = 8s;  // a term of 4 s
const Url kUrl{false, "127.0.0.1", 8080};

struct Instance {
  Instance(const std::string& url, std::string id, const FakeClock& clock)
      : store(*store::Store::Open({.url = url}, clock)),
        shared(clock, 2 * kInterval),
        sharer(std::move(id), kInterval, clock, *store, shared, logger) {}

  void Publish(double load, Clock::TimePoint measured) {
    model::ProbeResult result;
    result.backend_id = "c1";
    result.url = kUrl.ToString();
    result.good = true;
    result.load = load;
    result.measured = measured;
    shared.Publish(result);
  }
  std::optional<double> Load() const {
    const auto found = shared.Find("c1", kUrl);
    return found ? found->load : std::nullopt;
  }

  telemetry::Logger logger{telemetry::Level::kError};
  std::unique_ptr<store::Store> store;
  model::SharedProbes shared;
  ProbeSharer sharer;
};

struct ProbeSharerTest : testing::Test {
  store::TemporaryDirectory directory;
  const std::string url = "sqlite:" + directory.File("gateway.db").string();
  FakeClock clock;
  Instance a{url, "a", clock};
  Instance b{url, "b", clock};
};

TEST_F(ProbeSharerTest, LetsTheFirstLeadAndTellsTheOthersWhatItFound) {
  ASSERT_TRUE(a.sharer.Exchange());
  ASSERT_TRUE(b.sharer.Exchange());
  EXPECT_TRUE(a.shared.Leads());
  EXPECT_FALSE(b.shared.Leads());
  a.Publish(7, clock.Now());
  EXPECT_EQ(b.Load(), std::nullopt);
  ASSERT_TRUE(a.sharer.Exchange());
  ASSERT_TRUE(b.sharer.Exchange());
  EXPECT_EQ(b.Load(), 7);
  EXPECT_EQ(a.Load(), std::nullopt);  // which asks for itself
}

TEST_F(ProbeSharerTest, LetsAnotherTakeOverFromOneThatWentSilentWhileResultsAreFresh) {
  ASSERT_TRUE(a.sharer.Exchange());
  a.Publish(7, clock.Now());
  ASSERT_TRUE(a.sharer.Exchange());
  clock.Advance(3s);
  ASSERT_TRUE(b.sharer.Exchange());
  EXPECT_FALSE(b.shared.Leads());
  clock.Advance(1s);
  EXPECT_FALSE(a.shared.Leads());
  EXPECT_EQ(b.Load(), 7);
  ASSERT_TRUE(b.sharer.Exchange());
  EXPECT_TRUE(b.shared.Leads());
}

TEST_F(ProbeSharerTest, KeepsNothingOfOneThatCameBackTooLate) {
  ASSERT_TRUE(a.sharer.Exchange());
  a.Publish(7, clock.Now());
  clock.Advance(4s);
  ASSERT_TRUE(b.sharer.Exchange());
  ASSERT_TRUE(a.sharer.Exchange());
  EXPECT_FALSE(a.shared.Leads());
  b.Publish(9, clock.Now());
  ASSERT_TRUE(b.sharer.Exchange());
  ASSERT_TRUE(a.sharer.Exchange());
  EXPECT_EQ(a.Load(), 9);
}

TEST_F(ProbeSharerTest, ForgetsResultsAfterTwoIntervals) {
  ASSERT_TRUE(a.sharer.Exchange());
  a.Publish(7, clock.Now());
  ASSERT_TRUE(a.sharer.Exchange());
  ASSERT_TRUE(b.sharer.Exchange());
  clock.Advance(2 * kInterval);
  EXPECT_EQ(b.Load(), 7);
  clock.Advance(1ms);
  EXPECT_EQ(b.Load(), std::nullopt);
}

TEST_F(ProbeSharerTest, GivesTheLeaseBackWhenItStops) {
  a.sharer.Start();
  EXPECT_TRUE(a.shared.Leads());
  a.sharer.Stop();
  ASSERT_TRUE(b.sharer.Exchange());
  EXPECT_TRUE(b.shared.Leads());
}

TEST(ProbeSharer, NeitherLeadsNorFollowsWithoutADatabase) {
  FakeClock clock;
  store::TemporaryDirectory directory;
  telemetry::Logger logger(telemetry::Level::kError);
  const auto url = "sqlite:" + directory.File("missing/gateway.db").string();
  const auto store = *store::Store::OpenLazily({.url = url}, clock);
  model::SharedProbes shared(clock, 2 * kInterval);
  ProbeSharer sharer("a", kInterval, clock, *store, shared, logger);
  EXPECT_EQ(CodeOf(sharer.Exchange()), ErrorCode::kUnavailable);
  EXPECT_FALSE(shared.Leads());
}

}  // namespace
}  // namespace gateway::admin
