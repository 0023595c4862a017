#include "identity/authenticator.h"

#include <map>
#include <optional>

#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "base/result_testing.h"
#include "identity/password_hash.h"

namespace gateway::identity {
namespace {

using namespace std::chrono_literals;

class FakeDirectory final : public PasswordSource {
 public:
  Expected<Principal> CheckPassword(const std::string& user, const std::string& password) override {
    ++asked;
    if (down) return Fail(ErrorCode::kUnavailable, "the directory is down");
    const auto found = passwords.find(user);
    if (found == passwords.end() || found->second != password) {
      return Fail(ErrorCode::kUnauthenticated, "user or password is wrong");
    }
    return Principal{user, Role::kViewer, "ldap"};
  }

  std::map<std::string, std::string> passwords{{"eve", "lemon"}, {"ann", "lemon"}};
  bool down = false;
  int asked = 0;
};

class FakeProvider final : public BearerSource {
 public:
  Expected<Principal> CheckToken(std::string_view token) override {
    if (token == "good.bearer.token") return Principal{"joe", Role::kOperator, "oidc"};
    return Fail(ErrorCode::kUnauthenticated, "the token is expired");
  }
  bool MustAsk(std::string_view token) override { return token != "good.bearer.token"; }
};

struct AuthenticatorTest : testing::Test {
  AuthenticatorTest() {
    options.tokens = {{"ci", Role::kOperator, Sha256("token1")}};
    options.users = {{"ann", Role::kAdmin, HashPassword("pear").value_or("")}};
    Make();
  }

  void Make() {
    authenticator.emplace(options, sessions, CredentialSources{ldap, oidc}, clock, logger);
  }

  Expected<Principal> Login(const std::string& user, const std::string& password) {
    Credentials credentials;
    credentials.user = user;
    credentials.password = password;
    credentials.client = "10.0.0.1";
    return authenticator->Authenticate(credentials);
  }

  Expected<Principal> WithToken(const std::string& token) {
    Credentials credentials;
    credentials.token = token;
    return authenticator->Authenticate(credentials);
  }

  Expected<Principal> WithSessionOf(const Principal& principal) {
    Credentials credentials;
    const auto header = sessions.Begin(principal);
    credentials.session = FindCookie(header, sessions.cookie_name());
    return authenticator->Authenticate(credentials);
  }

  FakeClock clock;
  telemetry::Logger logger{telemetry::Level::kError};
  Sessions sessions{"key", 1h, false, clock};
  FakeDirectory directory;
  FakeProvider provider;
  PasswordSource* ldap = nullptr;
  BearerSource* oidc = nullptr;
  IdentityOptions options;
  std::optional<Authenticator> authenticator;
};

TEST_F(AuthenticatorTest, KnowsTokensUsersAndSessions) {
  EXPECT_EQ(WithToken("token1"), (Principal{"ci", Role::kOperator, "token"}));
  EXPECT_EQ(Login("ann", "pear"), (Principal{"ann", Role::kAdmin, "password"}));
  EXPECT_EQ(WithSessionOf({"joe", Role::kViewer, "oidc"}),
            (Principal{"joe", Role::kViewer, "session"}));
}

TEST_F(AuthenticatorTest, TellsNoDifferenceBetweenAWrongUserAndAWrongPassword) {
  const auto wrong_password = Login("ann", "apple");
  const auto wrong_user = Login("zoe", "pear");
  ASSERT_EQ(CodeOf(wrong_password), ErrorCode::kUnauthenticated);
  ASSERT_EQ(CodeOf(wrong_user), ErrorCode::kUnauthenticated);
  EXPECT_EQ(wrong_password.error().message, wrong_user.error().message);
}

TEST_F(AuthenticatorTest, RefusesNothingAndNonsense) {
  EXPECT_EQ(CodeOf(authenticator->Authenticate({})), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(WithToken("token")), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(WithToken(std::string(1'000'000, 'x'))), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(WithToken("a.b.c")), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(Login("ann", "")), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(Login("", "pear")), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(Login("ann\n", "pear")), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(Login("ann", std::string("pear\0", 5))), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(Login("ann", std::string(1'000'000, 'x'))), ErrorCode::kUnauthenticated);
}

TEST_F(AuthenticatorTest, RefusesWrongCredentialsEvenWithAGoodSession) {
  Credentials credentials;
  const auto header = sessions.Begin({"joe", Role::kAdmin, "oidc"});
  credentials.session = FindCookie(header, sessions.cookie_name());
  credentials.token = "wrong";
  EXPECT_EQ(CodeOf(authenticator->Authenticate(credentials)), ErrorCode::kUnauthenticated);
}

TEST_F(AuthenticatorTest, EndsSessionsOfUsersAndTokensThatAreNoLongerListed) {
  EXPECT_TRUE(WithSessionOf({"ann", Role::kAdmin, "password"}));
  EXPECT_TRUE(WithSessionOf({"ci", Role::kOperator, "token"}));
  EXPECT_EQ(CodeOf(WithSessionOf({"bob", Role::kAdmin, "password"})), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(WithSessionOf({"ci2", Role::kOperator, "token"})), ErrorCode::kUnauthenticated);
}

TEST_F(AuthenticatorTest, LowersTheRoleOfASessionToWhatTheUserHasNow) {
  options.users[0].role = Role::kViewer;
  Make();
  EXPECT_EQ(WithSessionOf({"ann", Role::kAdmin, "password"}),
            (Principal{"ann", Role::kViewer, "session"}));
}

TEST_F(AuthenticatorTest, MakesAGuesserWaitWithoutLookingAtHisPassword) {
  for (int i = 0; i < LoginThrottle::kFreeFailures; ++i) Login("ann", "apple");
  EXPECT_EQ(CodeOf(Login("ann", "pear")), ErrorCode::kUnavailable);
  clock.Advance(1s);
  EXPECT_TRUE(Login("ann", "pear"));
}

TEST_F(AuthenticatorTest, MakesAGuesserWaitForAUserWhoseLoginIsRemembered) {
  ASSERT_TRUE(Login("ann", "pear"));
  for (int i = 0; i < LoginThrottle::kFreeFailures; ++i) Login("ann", "apple");
  EXPECT_EQ(CodeOf(Login("ann", "pear")), ErrorCode::kUnavailable);
}

TEST_F(AuthenticatorTest, AsksTheDirectoryForUsersThatTheFileDoesNotList) {
  ldap = &directory;
  Make();
  EXPECT_EQ(Login("eve", "lemon"), (Principal{"eve", Role::kViewer, "ldap"}));
  EXPECT_EQ(Login("ann", "pear"), (Principal{"ann", Role::kAdmin, "password"}));
  EXPECT_EQ(CodeOf(Login("ann", "lemon")), ErrorCode::kUnauthenticated);
  EXPECT_EQ(directory.asked, 1);
}

TEST_F(AuthenticatorTest, KnowsAUserOfTheFileInAnySpelling) {
  options.users[0].name = "Ann";
  directory.passwords["ann"] = "lemon";
  ldap = &directory;
  Make();
  for (const auto* name : {"Ann", "ann", " ANN ", "a\xC2\xADnn", "\xEF\xBD\x81nn"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(Login(name, "pear"), (Principal{"Ann", Role::kAdmin, "password"}));
    EXPECT_EQ(CodeOf(Login(name, "lemon")), ErrorCode::kUnauthenticated);
    clock.Advance(LoginThrottle::kForgottenAfter + 1s);
  }
  EXPECT_EQ(directory.asked, 0);
  EXPECT_EQ(WithSessionOf({"Ann", Role::kAdmin, "password"}),
            (Principal{"Ann", Role::kAdmin, "session"}));
}

TEST_F(AuthenticatorTest, CountsGuessesInAnySpellingTogether) {
  ldap = &directory;
  Make();
  for (const auto* name : {"eve", "EVE", "Eve ", "e\xE2\x80\x8Dve", "\xEF\xBD\x85ve"}) {
    EXPECT_EQ(CodeOf(Login(name, "lime")), ErrorCode::kUnauthenticated) << name;
  }
  EXPECT_EQ(directory.asked, 5);
  EXPECT_EQ(CodeOf(Login("eVe", "lemon")), ErrorCode::kUnavailable);
  EXPECT_EQ(directory.asked, 5);
}

TEST_F(AuthenticatorTest, AsksTheDirectoryOnceAMinuteForTheSameLogin) {
  ldap = &directory;
  Make();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Login("eve", "lemon"));
  EXPECT_EQ(directory.asked, 1);
  EXPECT_EQ(CodeOf(Login("eve", "lime")), ErrorCode::kUnauthenticated);
  EXPECT_EQ(directory.asked, 2);
  clock.Advance(VerifiedLogins::kLifetime);
  ASSERT_TRUE(Login("eve", "lemon"));
  EXPECT_EQ(directory.asked, 3);
}

TEST_F(AuthenticatorTest, DoesNotCountItAsAGuessThatTheDirectoryIsDown) {
  ldap = &directory;
  directory.down = true;
  Make();
  for (int i = 0; i < 20; ++i) ASSERT_EQ(CodeOf(Login("eve", "lemon")), ErrorCode::kUnavailable);
  directory.down = false;
  EXPECT_TRUE(Login("eve", "lemon"));
}

TEST_F(AuthenticatorTest, ShowsBearerTokensToTheProvider) {
  oidc = &provider;
  Make();
  EXPECT_EQ(WithToken("good.bearer.token"), (Principal{"joe", Role::kOperator, "oidc"}));
  EXPECT_EQ(WithToken("token1"), (Principal{"ci", Role::kOperator, "token"}));
  EXPECT_EQ(CodeOf(WithToken("a.b.c")), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(WithToken("token2")), ErrorCode::kUnauthenticated);
}

TEST_F(AuthenticatorTest, TellsWhatCredentialsHaveToWaitFor) {
  ldap = &directory;
  oidc = &provider;
  Make();
  ASSERT_TRUE(Login("Eve", "lemon"));
  for (int i = 0; i < 8; ++i) Login("joe", "guess");
  const auto password = [](std::string user, std::string word) {
    return Credentials{.user = std::move(user), .password = std::move(word), .client = "10.0.0.1"};
  };
  const struct {
    Credentials credentials;
    Waits waits;
  } cases[] = {
      {{}, Waits::kForNothing},
      {{.session = "1.2.3.4.5.6"}, Waits::kForNothing},
      {{.token = "token1"}, Waits::kForNothing},
      {{.token = "wrong"}, Waits::kForNothing},
      {{.token = "good.bearer.token"}, Waits::kForNothing},
      {{.token = "a.b.c"}, Waits::kForOthers},
      {{.token = std::string(1'000'000, 'x') + "..y"}, Waits::kForNothing},
      {password("ann", "pear"), Waits::kForHashing},
      {password("zoe", "pear"), Waits::kForOthers},
      {password("eve", "lemon"), Waits::kForNothing},  // remembered
      {password("eve", "lime"), Waits::kForOthers},
      {password("joe", "guess"), Waits::kForNothing},  // has to wait himself
      {password("ann", ""), Waits::kForNothing},
  };
  for (const auto& [credentials, waits] : cases) {
    EXPECT_EQ(authenticator->WaitsFor(credentials), waits)
        << credentials.token.substr(0, 20) << credentials.user << credentials.password;
  }
  clock.Advance(VerifiedLogins::kLifetime - 500ms);
  EXPECT_EQ(authenticator->WaitsFor(password("eve", "lemon")), Waits::kForOthers);
  ldap = nullptr;
  Make();
  EXPECT_EQ(authenticator->WaitsFor(password("zoe", "pear")), Waits::kForHashing);
}

}  // namespace
}  // namespace gateway::identity
