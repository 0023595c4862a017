#include "identity/oidc_provider.h"

#include <thread>

#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "base/result_testing.h"
#include "identity/fake_fetcher.h"
#include "identity/signing_key.h"

namespace gateway::identity {
namespace {

using namespace std::chrono_literals;

const std::string kDocument = "https://id.example.org/x/.well-known/openid-configuration";
const std::string kKeys = "https://id.example.org/keys";

struct OidcProviderTest : testing::Test {
  OidcProviderTest() {
    fetcher.answers[kDocument] = {200, R"({"issuer":"https://id.example.org/x",
        "authorization_endpoint":"https://id.example.org/auth?a=b",
        "token_endpoint":"https://id.example.org/token","jwks_uri":"https://id.example.org/keys"})"};
    Publish({&first});
  }

  static OidcOptions Options() {
    OidcOptions options;
    options.issuer = "https://id.example.org/x";
    options.audiences = {"gw"};
    options.role_claim = "realm.roles";
    options.mapping.roles = {{"gw-op", Role::kOperator}, {"gw-admin", Role::kAdmin}};
    options.mapping.otherwise = Role::kViewer;
    return options;
  }

  void Publish(const std::vector<const SigningKey*>& keys) {
    std::string list;
    for (const auto* key : keys) list += (list.empty() ? "" : ",") + key->Jwk();
    fetcher.answers[kKeys] = {200, fmt::format(R"({{"keys":[{}]}})", list)};
  }

  Expected<Principal> Check(const SigningKey& key,
                            std::string_view header,
                            std::string_view more = "") {
    const auto claims = fmt::format(
        R"({{"iss":"https://id.example.org/x","aud":"gw","sub":"s1","exp":1800000000{}}})", more);
    return provider.CheckToken(key.Token(Algorithm::kEs256, header, claims));
  }

  FakeClock clock;
  telemetry::Logger logger{telemetry::Level::kError};
  FakeFetcher fetcher;
  OidcProvider provider{Options(), fetcher, clock, logger};
  const SigningKey first = SigningKey::Ec("first");
  const SigningKey second = SigningKey::Ec("second");
  const std::string first_header = R"({"alg":"ES256","kid":"first"})";
  const std::string second_header = R"({"alg":"ES256","kid":"second"})";
};

TEST_F(OidcProviderTest, TellsNameAndRoleFromTheClaims) {
  EXPECT_EQ(Check(first, first_header), (Principal{"s1", Role::kViewer, "oidc"}));
  EXPECT_EQ(
      Check(first, first_header, R"(,"preferred_username":"ann","realm":{"roles":["x","gw-op"]})"),
      (Principal{"ann", Role::kOperator, "oidc"}));
  EXPECT_EQ(Check(first, first_header, R"(,"realm":{"roles":["gw-op","gw-admin"]})"),
            (Principal{"s1", Role::kAdmin, "oidc"}));
  EXPECT_EQ(Check(first, first_header, R"(,"realm":{"roles":"gw-admin"})"),
            (Principal{"s1", Role::kAdmin, "oidc"}));
}

TEST_F(OidcProviderTest, RefusesNamesThatCouldForgeLogLines) {
  EXPECT_EQ(CodeOf(Check(first, first_header, R"(,"preferred_username":"ann\nroot")")),
            ErrorCode::kUnauthenticated);
}

TEST_F(OidcProviderTest, FetchesDocumentAndKeysOnce) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Check(first, first_header));
  EXPECT_EQ(fetcher.CountOf(kDocument), 1);
  EXPECT_EQ(fetcher.CountOf(kKeys), 1);
}

TEST_F(OidcProviderTest, FetchesKeysAgainForANewKey) {
  ASSERT_TRUE(Check(first, first_header));
  Publish({&first, &second});
  clock.Advance(OidcProvider::kMinRefetch);
  EXPECT_TRUE(Check(second, second_header));
  EXPECT_EQ(fetcher.CountOf(kKeys), 2);
}

TEST_F(OidcProviderTest, IsNotMadeToFloodTheProviderByInventedKeys) {
  ASSERT_TRUE(Check(first, first_header));
  for (int i = 0; i < 100; ++i) {
    const auto header = fmt::format(R"({{"alg":"ES256","kid":"invented{}"}})", i);
    EXPECT_EQ(CodeOf(Check(first, header)), ErrorCode::kUnauthenticated);
  }
  EXPECT_EQ(fetcher.CountOf(kKeys), 1);
  EXPECT_TRUE(Check(first, first_header)) << "the known key goes on working";
}

TEST_F(OidcProviderTest, DropsAKeyThatTheProviderWithdrew) {
  ASSERT_TRUE(Check(first, first_header));
  Publish({&second});
  clock.Advance(Options().keys_max_age);
  EXPECT_EQ(CodeOf(Check(first, first_header)), ErrorCode::kUnauthenticated);
}

TEST_F(OidcProviderTest, GoesOnWithOldKeysForADayWhileTheProviderIsDown) {
  ASSERT_TRUE(Check(first, first_header));
  fetcher.down = true;
  clock.Advance(OidcProvider::kStaleLimit - 1s);
  EXPECT_TRUE(Check(first, first_header));
  clock.Advance(1min);
  EXPECT_EQ(CodeOf(Check(first, first_header)), ErrorCode::kUnavailable);
  fetcher.down = false;
  clock.Advance(OidcProvider::kMinRefetch);
  EXPECT_TRUE(Check(first, first_header));
}

TEST_F(OidcProviderTest, AsksAProviderThatIsDownOnlyNowAndThen) {
  fetcher.down = true;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(CodeOf(Check(first, first_header)), ErrorCode::kUnavailable);
    EXPECT_EQ(CodeOf(provider.Endpoints()), ErrorCode::kUnavailable);
  }
  EXPECT_EQ(fetcher.requests.size(), 1u);
}

TEST_F(OidcProviderTest, NeedsAKeyIdOnlyWhereThereIsAChoice) {
  const std::string no_id = R"({"alg":"ES256"})";
  EXPECT_TRUE(Check(first, no_id));
  Publish({&first, &second});
  clock.Advance(Options().keys_max_age);
  EXPECT_EQ(CodeOf(Check(first, no_id)), ErrorCode::kUnauthenticated);
  EXPECT_TRUE(Check(first, first_header));
}

TEST_F(OidcProviderTest, RefusesAKeyUnderTheIdOfAnother) {
  Publish({&first, &second});
  EXPECT_EQ(CodeOf(Check(second, first_header)), ErrorCode::kUnauthenticated);
}

TEST_F(OidcProviderTest, RefusesDocumentsThatCannotBeRight) {
  for (const auto* document :
       {"", "[]", R"({"issuer":"https://evil.example"})",
        R"({"issuer":"https://id.example.org/x"})",
        R"({"issuer":"https://id.example.org/x","authorization_endpoint":"https://i/a",
            "token_endpoint":"http://i/t","jwks_uri":"https://i/k"})",
        R"({"issuer":"https://id.example.org/x","authorization_endpoint":"javascript:x",
            "token_endpoint":"https://i/t","jwks_uri":"https://i/k"})"}) {
    SCOPED_TRACE(document);
    fetcher.answers[kDocument] = {200, document};
    OidcProvider asked(Options(), fetcher, clock, logger);
    EXPECT_EQ(CodeOf(asked.Endpoints()), ErrorCode::kUnavailable);
  }
}

TEST_F(OidcProviderTest, MustBeAskedForKeysThatAreNotKnownOrOld) {
  const auto must_ask = [this](const SigningKey& key, const std::string& header) {
    return provider.MustAsk(key.Token(Algorithm::kEs256, header, "{}"));
  };
  EXPECT_TRUE(must_ask(first, first_header));
  EXPECT_TRUE(fetcher.requests.empty());
  ASSERT_TRUE(Check(first, first_header));
  EXPECT_FALSE(must_ask(first, first_header));
  EXPECT_TRUE(must_ask(second, second_header));
  EXPECT_FALSE(provider.MustAsk("a.b.c")) << "which is refused unseen";
  clock.Advance(Options().keys_max_age - 1s);
  EXPECT_TRUE(must_ask(first, first_header));
}

// A provider that hangs while it is asked for the key of one token holds up no other.
TEST_F(OidcProviderTest, ChecksTokensOfKnownKeysWhileItIsAsked) {
  ASSERT_TRUE(Check(first, first_header));
  clock.Advance(OidcProvider::kMinRefetch);
  bool asked = false;
  fetcher.on_request = [&] {
    asked = true;
    std::thread other([this] {
      EXPECT_FALSE(provider.MustAsk(first.Token(Algorithm::kEs256, first_header, "{}")));
      EXPECT_TRUE(Check(first, first_header));
    });
    other.join();
  };
  EXPECT_FALSE(Check(second, second_header));
  EXPECT_TRUE(asked);
}

}  // namespace
}  // namespace gateway::identity
