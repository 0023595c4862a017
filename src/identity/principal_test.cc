#include "identity/principal.h"

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway::identity {
namespace {

TEST(Role, IsReadByTheNameThatItIsShownWith) {
  for (const auto role : {Role::kNone, Role::kViewer, Role::kOperator, Role::kAdmin}) {
    EXPECT_EQ(ParseRole(NameOf(role)), role);
  }
}

TEST(Role, RefusesOtherNamesAndListsTheAllowedOnes) {
  for (const auto name : {"", "Admin", "root", "admin "}) {
    SCOPED_TRACE(name);
    const auto role = ParseRole(name);
    ASSERT_EQ(CodeOf(role), ErrorCode::kInvalidArgument);
    EXPECT_NE(role.error().message.find("none, viewer, operator, admin"), std::string::npos);
  }
}

TEST(Authorize, AllowsWhatTheRoleOrALowerOneAllows) {
  const Principal someone{"ann", Role::kOperator, "token"};
  EXPECT_TRUE(Authorize(someone, Role::kViewer));
  EXPECT_TRUE(Authorize(someone, Role::kOperator));
  EXPECT_EQ(CodeOf(Authorize(someone, Role::kAdmin)), ErrorCode::kPermissionDenied);
}

TEST(Authorize, AsksTheAnonymousToSayWhoTheyAre) {
  const Principal nobody{"anonymous", Role::kViewer, "anonymous"};
  EXPECT_TRUE(Authorize(nobody, Role::kViewer));
  EXPECT_EQ(CodeOf(Authorize(nobody, Role::kOperator)), ErrorCode::kUnauthenticated);
}

TEST(IsValidName, RefusesWhatCouldForgeALogLineOrIsTooLong) {
  EXPECT_TRUE(IsValidName("ann"));
  EXPECT_TRUE(IsValidName("Änn O'Neil <ann@example.org>"));
  EXPECT_TRUE(IsValidName(std::string(kMaxNameBytes, 'a')));
  EXPECT_FALSE(IsValidName(""));
  EXPECT_FALSE(IsValidName("ann\nadmin"));
  EXPECT_FALSE(IsValidName(std::string_view("ann\0", 4)));
  EXPECT_FALSE(IsValidName(std::string(kMaxNameBytes + 1, 'a')));
}

}  // namespace
}  // namespace gateway::identity
