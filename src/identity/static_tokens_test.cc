#include "identity/static_tokens.h"

#include <gtest/gtest.h>

namespace gateway::identity {
namespace {

StaticTokens SomeTokens() {
  return StaticTokens({{"ci", Role::kOperator, Sha256("old")},
                       {"ci", Role::kOperator, Sha256("new")},
                       {"grafana", Role::kViewer, Sha256("look")}});
}

TEST(StaticTokens, AcceptTheOldAndTheNewTokenOfOneCallerAtOnce) {
  const auto tokens = SomeTokens();
  const Principal ci{"ci", Role::kOperator, "token"};
  EXPECT_EQ(tokens.Find("old"), ci);
  EXPECT_EQ(tokens.Find("new"), ci);
  EXPECT_EQ(tokens.Find("look"), (Principal{"grafana", Role::kViewer, "token"}));
}

TEST(StaticTokens, RefuseAllOthers) {
  const auto tokens = SomeTokens();
  for (const auto& text : {std::string(), std::string("ol"), std::string("oldd"),
                           std::string("OLD"), ToHex(Sha256("old")), std::string(100'000, 'a')}) {
    EXPECT_FALSE(tokens.Find(text));
  }
}

TEST(StaticTokens, RefuseTheEmptyTokenEvenWhenItsDigestIsListed) {
  EXPECT_FALSE(StaticTokens({{"x", Role::kAdmin, Sha256("")}}).Find(""));
}

TEST(StaticTokens, TellTheHighestRoleOfAName) {
  const StaticTokens tokens({{"a", Role::kViewer, Sha256("1")}, {"a", Role::kAdmin, Sha256("2")}});
  EXPECT_EQ(tokens.RoleOf("a"), Role::kAdmin);
  EXPECT_FALSE(tokens.RoleOf("b"));
}

}  // namespace
}  // namespace gateway::identity
