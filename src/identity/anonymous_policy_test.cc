#include "identity/anonymous_policy.h"

#include <gtest/gtest.h>

namespace gateway::identity {
namespace {

TEST(AnonymousPolicy, LetsTheOwnMachineDoEverythingWhileNothingIsConfigured) {
  const AnonymousPolicy policy(false, std::nullopt, true);
  for (const auto host : {"localhost", "localhost:8090", "LOCALHOST:1", "127.0.0.1:8090",
                          "127.1.2.3", "[::1]", "[::1]:8090"}) {
    SCOPED_TRACE(host);
    EXPECT_EQ(policy.PrincipalFor(host).role, Role::kAdmin);
  }
}

TEST(AnonymousPolicy, LetsANameThatMerelyPointsAtTheMachineOnlyRead) {
  const AnonymousPolicy policy(false, std::nullopt, true);
  for (const auto host : {"", ":", "evil.example", "127.0.0.1.evil.example:80", "127.evil",
                          "localhost.evil", "[::2]", "::1", "128.0.0.1"}) {
    SCOPED_TRACE(host);
    EXPECT_EQ(policy.PrincipalFor(host).role, Role::kViewer);
  }
}

TEST(AnonymousPolicy, LetsNobodyChangeAnythingThroughAnotherAddress) {
  const AnonymousPolicy policy(false, std::nullopt, false);
  EXPECT_EQ(policy.PrincipalFor("localhost:8090").role, Role::kViewer);
}

TEST(AnonymousPolicy, AllowsNothingOnceAnybodyCanSayWhoHeIs) {
  const AnonymousPolicy policy(true, std::nullopt, true);
  EXPECT_EQ(policy.PrincipalFor("localhost:8090"),
            (Principal{"anonymous", Role::kNone, "anonymous"}));
}

TEST(AnonymousPolicy, OpensReadsWhenTheSettingSaysSo) {
  const AnonymousPolicy policy(true, Role::kViewer, true);
  EXPECT_EQ(policy.PrincipalFor("localhost:8090").role, Role::kViewer);
  EXPECT_EQ(policy.PrincipalFor("gateway.example").role, Role::kViewer);
}

}  // namespace
}  // namespace gateway::identity
