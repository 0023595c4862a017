#include "delegated_auth/credentials.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway::delegated_auth {
namespace {

using Fields = std::vector<http::HeaderField>;
constexpr std::string_view kAlice = "Basic YWxpY2U6c2VjcmV0";  // alice:secret

TEST(ReadCredentials, TakesBasicAndTheHeadersOfTrino) {
  const struct {
    Fields fields;
    std::string_view user;
    std::string_view password;
    std::string_view named;
  } cases[] = {
      {{{"Authorization", kAlice}}, "alice", "secret", ""},
      {{{"authorization", "basic YWxpY2U6c2VjcmV0"}, {"x-trino-user", "alice"}},
       "alice",
       "secret",
       "alice"},
      {{{"Authorization", kAlice}, {"X-Trino-User", "bob"}}, "alice", "secret", "bob"},
      // A colon may be in the password, not in the user.
      {{{"Authorization", "Basic YTpiOmM="}}, "a", "b:c", ""},
      {{{"X-Trino-User", "alice"}, {"X-Trino-Password", "p"}}, "alice", "p", "alice"},
      {{{"X-Presto-User", "alice"}, {"X-Presto-Password", "p"}}, "alice", "p", "alice"},
      {{{"X-Trino-User", "alice"}, {"X-Presto-User", "alice"}, {"X-Trino-Password", "p"}},
       "alice",
       "p",
       "alice"},
  };
  for (const auto& [fields, user, password, named] : cases) {
    SCOPED_TRACE(fields.front().value);
    const auto credentials = ReadCredentials(fields);
    ASSERT_TRUE(credentials) << credentials.error().message;
    EXPECT_EQ(credentials->user, user);
    EXPECT_EQ(credentials->password, password);
    EXPECT_EQ(credentials->named_user, named);
  }
}

TEST(ReadCredentials, RefusesWhatIsMissingMalformedOrAmbiguous) {
  const struct {
    Fields fields;
    std::string_view message;
  } cases[] = {
      {{}, "user or password is missing"},
      {{{"X-Trino-User", "alice"}}, "user or password is missing"},
      {{{"X-Trino-Password", "p"}}, "user or password is missing"},
      {{{"X-Trino-User", "alice"}, {"X-Trino-Password", ""}}, "user or password is missing"},
      {{{"Authorization", "Basic YWxpY2U6"}}, "user or password is missing"},
      {{{"Authorization", "Basic OnNlY3JldA=="}}, "user or password is missing"},
      {{{"Authorization", "Bearer abc.def.ghi"}}, "this port takes Basic credentials"},
      // Basic credentials are not passed over for others that would be accepted.
      {{{"Authorization", "Negotiate x"}, {"X-Trino-User", "a"}, {"X-Trino-Password", "p"}},
       "this port takes Basic credentials"},
      {{{"Authorization", "Basic"}}, "this port takes Basic credentials"},
      {{{"Authorization", "Basic !!!!"}}, "malformed"},
      {{{"Authorization", "Basic YWxpY2U="}}, "malformed"},
      {{{"Authorization", kAlice}, {"Authorization", "Basic YTpi"}}, "there twice"},
      {{{"Authorization", kAlice}, {"X-Trino-User", "alice"}, {"X-Trino-User", "root"}},
       "there twice"},
      {{{"X-Trino-User", "alice"}, {"X-Presto-User", "root"}, {"X-Trino-Password", "p"}},
       "there twice"},
      {{{"X-Trino-User", "alice"}, {"X-Trino-Password", "p"}, {"X-Presto-Password", "q"}},
       "there twice"},
  };
  for (const auto& [fields, message] : cases) {
    SCOPED_TRACE(message);
    const auto credentials = ReadCredentials(fields);
    ASSERT_EQ(CodeOf(credentials), ErrorCode::kInvalidArgument);
    EXPECT_EQ(credentials.error().origin, Origin::kClient);
    EXPECT_THAT(credentials.error().message, testing::HasSubstr(message));
  }
}

TEST(Headers, AreKnownInBothDialectsAndAnyCase) {
  EXPECT_TRUE(IsPasswordHeader("x-trino-PASSWORD"));
  EXPECT_TRUE(IsPasswordHeader("X-Presto-Password"));
  EXPECT_FALSE(IsPasswordHeader("X-Trino-Passwords"));
  EXPECT_TRUE(IsUserHeader("X-Presto-User"));
  EXPECT_FALSE(IsUserHeader("X-Trino-Original-User"));
}

}  // namespace
}  // namespace gateway::delegated_auth
