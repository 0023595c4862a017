#include "model/shared_probes.h"

#include <gtest/gtest.h>

#include "base/fake_clock.h"

namespace gateway::model {
namespace {

using namespace std::chrono_literals;

const Url kUrl{false, "127.0.0.1", 8080};

struct SharedProbesTest : testing::Test {
  ProbeResult Result(std::string id) const {
    ProbeResult result;
    result.backend_id = std::move(id);
    result.url = kUrl.ToString();
    result.good = true;
    result.measured = clock.Now();
    return result;
  }

  FakeClock clock;
  SharedProbes shared{clock, 20s};
};

TEST_F(SharedProbesTest, NeitherLeadsNorFollowsAtFirst) {
  EXPECT_FALSE(shared.Leads());
  EXPECT_EQ(shared.Find("c1", kUrl), std::nullopt);
  shared.Publish(Result("c1"));
  EXPECT_TRUE(shared.TakePublished().empty());
}

TEST_F(SharedProbesTest, LeadsForALimitedTime) {
  shared.Lead(clock.Now() + 5s);
  clock.Advance(4s);
  EXPECT_TRUE(shared.Leads());
  clock.Advance(1s);
  EXPECT_FALSE(shared.Leads());
}

TEST_F(SharedProbesTest, TellsWhatTheLeaderFoundWhileItIsFresh) {
  const auto found = Result("c1");
  shared.Follow({found});
  clock.Advance(20s);
  EXPECT_EQ(shared.Find("c1", kUrl), found);
  EXPECT_EQ(shared.Find("c2", kUrl), std::nullopt);
  EXPECT_EQ(shared.Find("c1", Url{false, "127.0.0.1", 8081}), std::nullopt);
  clock.Advance(1ms);
  EXPECT_EQ(shared.Find("c1", kUrl), std::nullopt);
}

TEST_F(SharedProbesTest, FindsForItselfWhileItLeads) {
  shared.Follow({Result("c1")});
  shared.Lead(clock.Now() + 5s);
  EXPECT_EQ(shared.Find("c1", kUrl), std::nullopt);
}

TEST_F(SharedProbesTest, HandsOutTheLastResultOfEachBackendOnce) {
  shared.Lead(clock.Now() + 5s);
  shared.Publish(Result("c1"));
  clock.Advance(1s);
  shared.Publish(Result("c1"));
  EXPECT_EQ(shared.TakePublished(), std::vector<ProbeResult>{Result("c1")});
  EXPECT_TRUE(shared.TakePublished().empty());
}

TEST_F(SharedProbesTest, TellsWhenResultsCome) {
  const auto before = shared.version();
  shared.Follow({});
  EXPECT_NE(shared.version(), before);
}

}  // namespace
}  // namespace gateway::model
