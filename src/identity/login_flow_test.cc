#include "identity/login_flow.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "base/result_testing.h"
#include "identity/fake_fetcher.h"
#include "identity/signing_key.h"

namespace gateway::identity {
namespace {

using namespace std::chrono_literals;

const std::string kToken = "https://id.example.org/token";
const std::string kUser = "https://id.example.org/user";

struct LoginFlowTest : testing::Test {
  static OidcOptions Options() {
    OidcOptions made;
    made.issuer = "https://id.example.org";
    made.client_id = "gw";
    made.client_secret = "s%c:ret";
    made.mapping.roles = {{"admins", Role::kAdmin}};
    return made;
  }

  LoginFlowTest() {
    fetcher.answers["https://id.example.org/.well-known/openid-configuration"] = {
        200, R"({"issuer":"https://id.example.org",
        "authorization_endpoint":"https://id.example.org/auth?tenant=1",
        "token_endpoint":"https://id.example.org/token","jwks_uri":"https://id.example.org/keys",
        "userinfo_endpoint":"https://id.example.org/user"})"};
    fetcher.answers["https://id.example.org/keys"] = {200,
                                                      fmt::format(R"({{"keys":[{}]}})", key.Jwk())};
  }

  // Begins a login and remembers what the browser would.
  void Begin(std::string_view return_to = "/queries") {
    const auto begun = flow.Begin(return_to);
    ASSERT_TRUE(begun) << begun.error().message;
    location = begun->location;
    cookie = begun->cookies.at(0).substr(0, begun->cookies.at(0).find(';'));
  }

  std::string InLocation(std::string_view name) const {
    const auto at = location.find(fmt::format("&{}=", name));
    if (at == std::string::npos) return {};
    const auto from = at + name.size() + 2;
    return location.substr(from, location.find('&', from) - from);
  }

  // The provider hands out an ID token with these claims beside the needed ones.
  void GiveToken(std::string_view claims) {
    const auto payload = fmt::format(
        R"({{"iss":"https://id.example.org","aud":"gw","sub":"s1","exp":1800000000{}}})", claims);
    fetcher.answers[kToken] = {
        200, fmt::format(R"({{"access_token":"at","id_token":"{}"}})",
                         key.Token(Algorithm::kEs256, R"({"alg":"ES256","kid":"k"})", payload))};
  }

  std::string Nonce() const { return fmt::format(R"(,"nonce":"{}")", InLocation("nonce")); }

  Expected<FinishedLogin> Finish(std::string_view more = "") {
    return flow.Finish(fmt::format("code=c1&state={}{}", InLocation("state"), more), cookie);
  }

  FakeClock clock;
  telemetry::Logger logger{telemetry::Level::kError};
  const OidcOptions options = Options();
  FakeFetcher fetcher;
  const SigningKey key = SigningKey::Ec("k");
  const Url external{true, "gw.example.org", 443};
  const Sessions sessions{"key", 1h, true, clock};
  OidcProvider provider{options, fetcher, clock, logger};
  LoginFlow flow{options, external, "key", sessions, provider, fetcher, clock, logger};
  std::string location;
  std::string cookie;
};

TEST_F(LoginFlowTest, SendsTheBrowserToTheProvider) {
  Begin();
  EXPECT_TRUE(location.starts_with(
      "https://id.example.org/auth?tenant=1&response_type=code&client_id=gw&redirect_uri="
      "https%3A%2F%2Fgw.example.org%2Fauth%2Fcallback&scope=openid%20profile%20email&state="))
      << location;
  EXPECT_EQ(InLocation("code_challenge_method"), "S256");
}

TEST_F(LoginFlowTest, BeginsASessionAndForgetsTheAttempt) {
  Begin();
  GiveToken(Nonce() + R"(,"groups":["admins"],"preferred_username":"ann")");
  const auto login = Finish();
  ASSERT_TRUE(login) << login.error().message;
  ASSERT_EQ(login->redirect.cookies.size(), 2u);
  const auto session = sessions.Read(
      FindCookie(login->redirect.cookies[0].substr(0, login->redirect.cookies[0].find(';')),
                 sessions.cookie_name()));
  ASSERT_TRUE(session);
  EXPECT_EQ(session->name, "ann");
  EXPECT_TRUE(login->redirect.cookies[1].starts_with("__Host-trino_gateway_login=; "));
  EXPECT_NE(login->redirect.cookies[1].find("Max-Age=0"), std::string::npos);
}

TEST_F(LoginFlowTest, AsksForClaimsThatTheIdTokenLeavesOut) {
  Begin();
  GiveToken(Nonce());
  fetcher.answers[kUser] = {200, R"({"sub":"s1","preferred_username":"ann","groups":["admins"]})"};
  const auto login = Finish();
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_EQ(login->principal, (Principal{"ann", Role::kAdmin, "oidc"}));
  EXPECT_EQ(fetcher.requests.back().fields.at(0).second, "Bearer at");
}

TEST_F(LoginFlowTest, TakesEachClaimFromWhereItIs) {
  const struct {
    std::string_view in_token, of_user;
  } cases[] = {
      {R"(,"preferred_username":"ann")", R"(,"groups":["admins"])"},
      {R"(,"groups":["admins"])", R"(,"preferred_username":"ann")"},
      {R"(,"groups":"admins","preferred_username":"")", R"(,"preferred_username":"ann")"},
      {R"(,"groups":[],"preferred_username":"ann")",
       R"(,"groups":["admins"],"preferred_username":"bob")"},
  };
  for (const auto& [in_token, of_user] : cases) {
    SCOPED_TRACE(in_token);
    Begin();
    GiveToken(Nonce() + std::string(in_token));
    fetcher.answers[kUser] = {200, fmt::format(R"({{"sub":"s1"{}}})", of_user)};
    const auto login = Finish();
    ASSERT_TRUE(login) << login.error().message;
    EXPECT_EQ(login->principal, (Principal{"ann", Role::kAdmin, "oidc"}));
  }
}

TEST_F(LoginFlowTest, TakesNoClaimsOfAnotherUser) {
  Begin();
  GiveToken(Nonce());
  fetcher.answers[kUser] = {200, R"({"sub":"s2","groups":["admins"]})"};
  EXPECT_EQ(CodeOf(Finish()), ErrorCode::kUnauthenticated);
}

TEST_F(LoginFlowTest, RefusesAnIdTokenOfAnotherLoginOrClient) {
  Begin();
  for (const auto& claims :
       {std::string(), std::string(R"(,"nonce":"x")"), Nonce() + R"(,"azp":"other")",
        Nonce() + R"(,"aud":"other")", Nonce() + R"(,"exp":1)"}) {
    SCOPED_TRACE(claims);
    GiveToken(claims + R"(,"groups":["admins"],"preferred_username":"ann")");
    EXPECT_EQ(CodeOf(Finish()), ErrorCode::kUnauthenticated);
  }
}

TEST_F(LoginFlowTest, RefusesAnotherStateBrowserOrTime) {
  Begin();
  GiveToken(Nonce() + R"(,"groups":["admins"],"preferred_username":"ann")");
  const auto query = fmt::format("code=c1&state={}", InLocation("state"));
  EXPECT_EQ(CodeOf(flow.Finish(query, "")), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(flow.Finish("code=c1&state=x", cookie)), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(flow.Finish("code=c1", cookie)), ErrorCode::kUnauthenticated);
  for (std::size_t i = cookie.find('=') + 1; i < cookie.size(); ++i) {
    auto changed = cookie;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(CodeOf(flow.Finish(query, changed)), ErrorCode::kUnauthenticated) << i;
  }
  EXPECT_EQ(fetcher.CountOf(kToken), 0) << "no code was sent for any of these";
  clock.Advance(LoginFlow::kLifetime);
  EXPECT_EQ(CodeOf(flow.Finish(query, cookie)), ErrorCode::kUnauthenticated);
}

TEST_F(LoginFlowTest, ReportsWhatTheProviderSays) {
  Begin();
  const auto refused =
      flow.Finish(fmt::format("error=access_denied%0A&state={}", InLocation("state")), cookie);
  ASSERT_EQ(CodeOf(refused), ErrorCode::kUnauthenticated);
  EXPECT_EQ(refused.error().message, "the identity provider refused the login: access_denied?");
  fetcher.answers[kToken] = {400, R"({"error":"invalid_grant"})"};
  EXPECT_EQ(CodeOf(Finish()), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(Finish("&iss=https%3A%2F%2Fevil.example")), ErrorCode::kUnauthenticated);
  fetcher.down = true;
  EXPECT_EQ(CodeOf(Finish()), ErrorCode::kUnavailable);
}

TEST_F(LoginFlowTest, LeadsBackToOurOwnPagesOnly) {
  for (const auto* path : {"//evil", "/\\evil", "https://evil", "", "x", "/a b", "/\n", "/\t/evil",
                           "/\r\nSet-Cookie:a=b", "\\\\evil", "javascript:alert(1)"}) {
    SCOPED_TRACE(path);
    Begin(path);
    GiveToken(Nonce() + R"(,"groups":["admins"],"preferred_username":"ann")");
    const auto login = Finish();
    ASSERT_TRUE(login) << login.error().message;
    EXPECT_EQ(login->redirect.location, "/");
  }
}

}  // namespace
}  // namespace gateway::identity
