#include "identity/anonymous_policy.h"

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway::identity {
namespace {

constexpr Sender kHere{"localhost:8090", true};
constexpr Sender kElsewhere{"localhost:8090", false};

// The highest role that he is admitted with.
Role RoleOf(const AnonymousPolicy& policy, const Sender& sender) {
  for (const auto role : {Role::kAdmin, Role::kOperator, Role::kViewer}) {
    if (policy.Admit(sender, role)) return role;
  }
  return Role::kNone;
}

TEST(AnonymousPolicy, LetsTheOwnMachineDoEverythingWhileNothingIsConfigured) {
  const AnonymousPolicy policy(false, std::nullopt, true);
  for (const auto host : {"localhost", "localhost:8090", "LOCALHOST:1", "127.0.0.1:8090",
                          "127.1.2.3", "[::1]", "[::1]:8090"}) {
    SCOPED_TRACE(host);
    EXPECT_EQ(RoleOf(policy, {host, true}), Role::kAdmin);
  }
}

TEST(AnonymousPolicy, ShowsNothingUnderANameThatMerelyPointsAtTheMachine) {
  const AnonymousPolicy policy(false, std::nullopt, true);
  for (const auto host : {"", ":", "evil.example", "127.0.0.1.evil.example:80", "127.evil",
                          "localhost.evil", "[::2]", "::1", "128.0.0.1"}) {
    SCOPED_TRACE(host);
    EXPECT_EQ(RoleOf(policy, {host, true}), Role::kNone);
  }
}

TEST(AnonymousPolicy, LetsTheOwnMachineOnlyReadThroughAnotherAddress) {
  EXPECT_EQ(RoleOf(AnonymousPolicy(false, std::nullopt, false), kHere), Role::kViewer);
}

TEST(AnonymousPolicy, ShowsNothingToOthersAndSaysWhatWouldLetThemIn) {
  for (const bool loopback : {false, true}) {
    const AnonymousPolicy policy(false, std::nullopt, loopback);
    const auto read = policy.Admit(kElsewhere, Role::kViewer);
    ASSERT_EQ(CodeOf(read), ErrorCode::kUnauthenticated);
    EXPECT_EQ(read.error().message,
              "this needs the role viewer, and nobody can have it from here: configure "
              "admin.token, tokens, users, ldap or oidc, or let everybody read with "
              "anonymous_role: viewer");
    const auto write = policy.Admit(kElsewhere, Role::kAdmin);
    ASSERT_EQ(CodeOf(write), ErrorCode::kUnauthenticated);
    EXPECT_TRUE(write.error().message.ends_with("users, ldap or oidc")) << write.error().message;
  }
}

TEST(AnonymousPolicy, AllowsNothingOnceAnybodyCanSayWhoHeIs) {
  const auto refused = AnonymousPolicy(true, std::nullopt, true).Admit(kHere, Role::kViewer);
  ASSERT_EQ(CodeOf(refused), ErrorCode::kUnauthenticated);
  EXPECT_NE(refused.error().message.find("X-Auth-Key"), std::string::npos);
}

TEST(AnonymousPolicy, OpensReadsToEverybodyWhenTheSettingSaysSo) {
  for (const bool configured : {false, true}) {
    const AnonymousPolicy policy(configured, Role::kViewer, false);
    EXPECT_EQ(RoleOf(policy, kHere), Role::kViewer);
    EXPECT_EQ(RoleOf(policy, kElsewhere), Role::kViewer);
  }
  EXPECT_EQ(*AnonymousPolicy(true, Role::kViewer, false).Admit(kElsewhere, Role::kViewer),
            (Principal{"anonymous", Role::kViewer, "anonymous"}));
}

}  // namespace
}  // namespace gateway::identity
