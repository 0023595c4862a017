#include "rpc/patch.h"

#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "trino/gateway/v1/backend.pb.h"
#include "trino/gateway/v1/group.pb.h"
#include "trino/gateway/v1/policy.pb.h"

namespace gateway::rpc {
namespace {

namespace v1 = ::trino::gateway::v1;

v1::Group Stored() {
  v1::Group group;
  group.set_id("g");
  group.add_backends("c1");
  group.add_backends("c2");
  group.set_is_enabled(true);
  group.set_slow_start_ms(100);
  (*group.mutable_weights())["c1"] = 3;
  return group;
}

TEST(ApplyPatch, ChangesOnlyWhatIsNamed) {
  auto group = Stored();
  v1::Group patch;
  patch.set_slow_start_ms(7);
  patch.set_is_enabled(false);
  ASSERT_TRUE(ApplyPatch(patch, {"is_enabled"}, group));
  EXPECT_FALSE(group.is_enabled());
  EXPECT_EQ(group.slow_start_ms(), 100);
  EXPECT_EQ(group.backends_size(), 2);
}

TEST(ApplyPatch, ReplacesListsAndMapsAsAWhole) {
  auto group = Stored();
  v1::Group patch;
  patch.add_backends("c3");
  (*patch.mutable_weights())["c3"] = 1;
  ASSERT_TRUE(ApplyPatch(patch, {"backends", "weights"}, group));
  ASSERT_EQ(group.backends_size(), 1);
  EXPECT_EQ(group.backends(0), "c3");
  EXPECT_EQ(group.weights().size(), 1U);
}

TEST(ApplyPatch, ClearsWhatIsNamedButNotThere) {
  auto group = Stored();
  ASSERT_TRUE(ApplyPatch(v1::Group(), {"backends", "slow_start_ms", "is_enabled"}, group));
  EXPECT_EQ(group.backends_size(), 0);
  EXPECT_EQ(group.slow_start_ms(), 0);
  EXPECT_FALSE(group.has_is_enabled());
}

TEST(ApplyPatch, ReachesIntoMessages) {
  v1::Policy policy;
  policy.mutable_rule()->set_type(v1::Policy::Rule::header_host);
  policy.mutable_rule()->set_value("old");
  v1::Policy patch;
  patch.mutable_rule()->set_value("new");
  ASSERT_TRUE(ApplyPatch(patch, {"rule.value"}, policy));
  EXPECT_EQ(policy.rule().value(), "new");
  EXPECT_EQ(policy.rule().type(), v1::Policy::Rule::header_host);
}

TEST(ApplyPatch, RefusesNamesThatAreNoFields) {
  for (const auto path : {"nope", "backends.x", "weights.c1", "id.x", "", "."}) {
    SCOPED_TRACE(path);
    auto group = Stored();
    EXPECT_EQ(CodeOf(ApplyPatch(v1::Group(), {path}, group)), ErrorCode::kInvalidArgument);
  }
}

TEST(ApplyPatch, RefusesWhatIsOnlyShown) {
  v1::Backend backend;
  backend.set_in_flight(3);
  for (const auto path : {"in_flight", "health", "source"}) {
    SCOPED_TRACE(path);
    const auto refused = ApplyPatch(v1::Backend(), {path}, backend);
    ASSERT_EQ(CodeOf(refused), ErrorCode::kInvalidArgument);
    EXPECT_TRUE(refused.error().message.starts_with(std::string("field '") + path + "'"));
  }
  EXPECT_EQ(backend.in_flight(), 3);
}

TEST(PathsOf, TakesTheFieldsThatAreSetWhenThereIsNoMask) {
  google::protobuf::FieldMask mask;
  EXPECT_EQ(PathsOf(mask, Stored()),
            (std::vector<std::string>{"backends", "is_enabled", "weights", "slow_start_ms"}));
  mask.add_paths("mode");
  mask.add_paths("id");
  EXPECT_EQ(PathsOf(mask, Stored()), std::vector<std::string>{"mode"});
}

}  // namespace
}  // namespace gateway::rpc
