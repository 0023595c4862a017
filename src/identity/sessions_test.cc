#include "identity/sessions.h"

#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "base/result_testing.h"

namespace gateway::identity {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kKey = "0123456789abcdef0123456789abcdef";

struct SessionsTest : testing::Test {
  std::string Begin(const Principal& principal) const {
    const auto header = sessions.Begin(principal);
    return std::string(FindCookie(header, sessions.cookie_name()));
  }

  FakeClock clock;
  Sessions sessions{kKey, 8h, false, clock};
  const Principal ann{"Änn, <ann>", Role::kOperator, "oidc"};
};

TEST_F(SessionsTest, TellWhoLoggedInAndHow) {
  const auto read = sessions.Read(Begin(ann));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, ann);
}

TEST_F(SessionsTest, EndAfterTheirLifetime) {
  const auto value = Begin(ann);
  clock.Advance(8h - 2s);
  EXPECT_TRUE(sessions.Read(value));
  clock.Advance(2s);
  EXPECT_EQ(CodeOf(sessions.Read(value)), ErrorCode::kUnauthenticated);
}

TEST_F(SessionsTest, AreAcceptedByAnotherInstanceWithTheSameKeyOnly) {
  const auto value = Begin(ann);
  EXPECT_TRUE(Sessions(kKey, 1h, true, clock).Read(value));
  EXPECT_EQ(CodeOf(Sessions("another key", 8h, false, clock).Read(value)),
            ErrorCode::kUnauthenticated);
}

TEST_F(SessionsTest, AreRefusedWhenASingleCharacterWasChanged) {
  const auto value = Begin(ann);
  for (std::size_t i = 0; i < value.size(); ++i) {
    SCOPED_TRACE(i);
    auto changed = value;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(CodeOf(sessions.Read(changed)), ErrorCode::kUnauthenticated);
    EXPECT_EQ(CodeOf(sessions.Read(value.substr(0, i))), ErrorCode::kUnauthenticated);
  }
}

TEST_F(SessionsTest, AreRefusedWhenPartsOfTwoAreJoined) {
  const auto viewer = Begin({"bob", Role::kViewer, "oidc"});
  const auto admin = Begin({"bob", Role::kAdmin, "oidc"});
  const auto joined = admin.substr(0, admin.rfind('.')) + viewer.substr(viewer.rfind('.'));
  EXPECT_EQ(CodeOf(sessions.Read(joined)), ErrorCode::kUnauthenticated);
}

TEST_F(SessionsTest, AreRefusedWhenTheyAreNoneAtAll) {
  for (const auto& value :
       {std::string(), std::string("."), std::string("....."), std::string(100'000, '.'),
        std::string(100'000, 'A'), std::string("1.99999999999.admin.token.YW5u."),
        "1.99999999999.admin.token.YW5u." + std::string(43, 'A')}) {
    EXPECT_EQ(CodeOf(sessions.Read(value)), ErrorCode::kUnauthenticated);
  }
}

TEST_F(SessionsTest, SetACookieThatScriptsAndOtherSitesCannotUse) {
  const auto header = sessions.Begin(ann);
  EXPECT_TRUE(header.starts_with("trino_gateway_session=1."));
  EXPECT_TRUE(header.ends_with("; Path=/; Max-Age=28800; HttpOnly; SameSite=Lax"));
  const Sessions secure(kKey, 1h, true, clock);
  EXPECT_TRUE(secure.Begin(ann).starts_with("__Host-trino_gateway_session=1."));
  EXPECT_TRUE(secure.Begin(ann).ends_with("; SameSite=Lax; Secure"));
}

TEST_F(SessionsTest, TakeTheCookieAwayAtTheEnd) {
  EXPECT_EQ(sessions.End(), "trino_gateway_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
}

TEST(FindCookie, FindsTheCookieOfExactlyThatName) {
  EXPECT_EQ(FindCookie("a=1; session=x.y; b=2", "session"), "x.y");
  EXPECT_EQ(FindCookie("session=a=b", "session"), "a=b");
  for (const auto header : {"", "session", "my-session=1", "Session=1", "sessions=1", ";;=;"}) {
    SCOPED_TRACE(header);
    EXPECT_EQ(FindCookie(header, "session"), "");
  }
}

}  // namespace
}  // namespace gateway::identity
