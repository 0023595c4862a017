#include "admin/marks.h"

#include "admin/follower.h"
#include "admin/service_fixture.h"

namespace gateway::admin {
namespace {

using store::BackendMark;

// Backend f1 of the fixture, as it is believed.
struct MarksTest : ServiceTest {
  static BackendMark Mark(bool healthy, int second) {
    return {.backend_id = "f1",
            .healthy = healthy,
            .at = Clock::WallTime(std::chrono::seconds(second))};
  }
  static std::vector<SaidMark> Said(const BackendMark& mark) { return {{mark, mark}}; }
  model::Health Health() const { return registry.Current()->FindBackend("f1")->status.health; }

  Marks marks{registry};
};

constexpr auto kHealthy = model::Health::kHealthy;
constexpr auto kUnhealthy = model::Health::kUnhealthy;

TEST_F(MarksTest, AreNotBelievedAgainAfterAProbeOverruledThem) {
  Follower follower("", clock, *store, registry, publisher, logger);
  ASSERT_TRUE(follower.TakeOver());
  ASSERT_TRUE(service.MarkBackend("f1", false, caller));
  EXPECT_EQ(Health(), kUnhealthy);
  Healthy("f1");
  ASSERT_TRUE(follower.TakeOver());
  EXPECT_EQ(Health(), kHealthy);
}

TEST_F(MarksTest, AreNotBelievedAfterNewerOnes) {
  marks.Wrote(Said(Mark(true, 2)), 8);
  marks.Wrote(Said(Mark(false, 1)), 7);
  EXPECT_EQ(Health(), kHealthy);
  marks.TakeOver({Mark(false, 1)}, 7);
  EXPECT_EQ(Health(), kHealthy) << "that was read before the newer one was stored";
  marks.TakeOver({}, 6);
  EXPECT_EQ(Health(), kHealthy);
  marks.TakeOver({Mark(false, 3)}, 9);
  EXPECT_EQ(Health(), kUnhealthy) << "another instance wrote it since";
  marks.Wrote(Said(Mark(true, 2)), 8);
  EXPECT_EQ(Health(), kUnhealthy) << "the follower had read what came after it";
}

TEST_F(MarksTest, AreNotBelievedAgainWhenTheFollowerWasFasterThanTheirWriter) {
  marks.TakeOver({}, 7);
  marks.TakeOver({Mark(false, 1)}, 8);
  EXPECT_EQ(Health(), kUnhealthy);
  Healthy("f1");
  marks.Wrote(Said(Mark(false, 1)), 8);
  EXPECT_EQ(Health(), kHealthy);
}

TEST_F(MarksTest, OfOneChangeAreAllBelieved) {
  const BackendMark load{.backend_id = "f1", .load = 5};
  const BackendMark both{.backend_id = "f1", .healthy = true, .load = 5};
  marks.Wrote({{Mark(true, 1), Mark(true, 1)}, {load, both}}, 7);
  EXPECT_EQ(Health(), kHealthy);
  EXPECT_EQ(registry.Current()->FindBackend("f1")->status.load, 5);
}

TEST_F(MarksTest, AreBelievedAfterTheDatabaseWentBack) {
  marks.Wrote(Said(Mark(true, 1)), 8);
  marks.ForgetCounters();
  marks.Wrote(Said(Mark(false, 2)), 3);
  EXPECT_EQ(Health(), kUnhealthy);
}

}  // namespace
}  // namespace gateway::admin
