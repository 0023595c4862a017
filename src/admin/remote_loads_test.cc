#include "admin/remote_loads.h"

#include <gtest/gtest.h>

namespace gateway::admin {
namespace {

using Left = model::Registry::LeftByBackend;

TEST(RemoteLoads, AreAddedUpOverInstances) {
  RemoteLoads loads;
  EXPECT_EQ(loads.Take({{"a", "c1", {1, 2, 3, true}}, {"b", "c1", {4, 5, 6, false}}}),
            (Left{{"c1", {5, 7, 9, true}}}));
}

TEST(RemoteLoads, AreGoneWhenTheyWereMissingTwice) {
  RemoteLoads loads;
  loads.Take({{"a", "c1", {1, 2, 3, true}}, {"a", "c2", {2}}});
  EXPECT_EQ(loads.Take({{"a", "c2", {1}}}), (Left{{"c1", {1, 2, 0, true}}, {"c2", {1}}}));
  EXPECT_EQ(loads.Take({}), (Left{{"c2", {1}}}));
  EXPECT_EQ(loads.Take({}), Left());
}

}  // namespace
}  // namespace gateway::admin
