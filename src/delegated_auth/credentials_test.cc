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
      // "alice\r\nX-Trino-User: root:p", "a\0:p", "a:p\n"
      {{{"Authorization", "Basic YWxpY2UNClgtVHJpbm8tVXNlcjogcm9vdDpw"}}, "malformed"},
      {{{"Authorization", "Basic YQA6cA=="}}, "malformed"},
      {{{"Authorization", "Basic YTpwCg=="}}, "malformed"},
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

TEST(ReadCredentials, RefusesWhatIsNoUtf8) {
  const Fields bad[] = {{{"Authorization", "Basic bfxsbGVyOnA="}},  // m\xfcller:p
                        {{"X-Trino-User", "m\xfcller"}, {"X-Trino-Password", "p"}},
                        {{"X-Trino-User", "mueller"}, {"X-Trino-Password", "\xff"}}};
  for (const auto& fields : bad) {
    EXPECT_EQ(CodeOf(ReadCredentials(fields)), ErrorCode::kInvalidArgument);
  }
}

TEST(BasicUser, IsThatOfWellFormedBasicCredentials) {
  const struct {
    Fields fields;
    std::string_view user;
  } cases[] = {
      {{{"X-Other", "a"}, {"authorization", kAlice}}, "alice"},
      {{{"Authorization", "Basic YWxpY2U6"}}, "alice"},  // without a password
      {{}, ""},
      {{{"Authorization", ""}}, ""},
      {{{"Authorization", "Basic"}}, ""},
      {{{"Authorization", "Basic !!!"}}, ""},
      {{{"Authorization", "Basic YWxpY2U="}}, ""},      // no colon
      {{{"Authorization", "Basic YQpiOnA="}}, ""},      // a line break
      {{{"Authorization", "Basic bfxsbGVyOnA="}}, ""},  // no UTF-8
      {{{"Authorization", "Bearer YWxpY2U6c2VjcmV0"}}, ""},
      {{{"Authorization", kAlice}, {"Authorization", "Basic Ym9iOnA="}}, ""},
  };
  for (const auto& [fields, user] : cases) {
    SCOPED_TRACE(fields.empty() ? "" : fields.back().value);
    EXPECT_EQ(BasicUser(fields), user);
  }
}

}  // namespace
}  // namespace gateway::delegated_auth
