#include "sql/with_scope.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gateway::sql {
namespace {

TEST(WithScope, ForgetsWhatWasEnteredSinceThen) {
  WithScope scope;
  scope.Enter("a");
  const auto outer = scope.size();
  scope.Enter("b");
  scope.Enter("a");
  scope.Leave(outer);
  EXPECT_TRUE(scope.Contains("a")) << "the outer one is still there";
  EXPECT_FALSE(scope.Contains("b"));
  scope.Leave(0);
  EXPECT_FALSE(scope.Contains("a"));
}

TEST(WithScope, HoldsManyNames) {
  std::vector<std::string> names;
  names.reserve(1000);
  for (int i = 0; i < 1000; ++i) names.push_back("name" + std::to_string(i));
  WithScope scope;
  for (const auto& name : names) scope.Enter(name);
  for (const auto& name : names) EXPECT_TRUE(scope.Contains(name));
  EXPECT_FALSE(scope.Contains("name1000"));
  scope.Leave(500);
  EXPECT_TRUE(scope.Contains("name499"));
  EXPECT_FALSE(scope.Contains("name500"));
}

}  // namespace
}  // namespace gateway::sql
