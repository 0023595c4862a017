#include "store/within.h"

#include <vector>

#include <gtest/gtest.h>

namespace gateway::store {
namespace {

TEST(CountWithin, EndsWhereNumberOrBytesAreUsedUpButTakesOneAlways) {
  const struct {
    std::vector<std::size_t> sizes;
    std::size_t count;
  } cases[] = {
      {{}, 0},     {{1}, 1},    {{1, 1, 1}, 3}, {{1, 1, 1, 1}, 3},  // 3 at most
      {{6, 4}, 2}, {{6, 5}, 1}, {{11}, 1},      {{11, 0}, 1},      {{1, 11, 1}, 1},
  };
  for (const auto& [sizes, count] : cases) {
    SCOPED_TRACE(testing::PrintToString(sizes));
    EXPECT_EQ(CountWithin(sizes, 3, 10), count);
  }
}

}  // namespace
}  // namespace gateway::store
