#include "identity/public_key.h"

#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "identity/signing_key.h"

namespace gateway::identity {
namespace {

Expected<PublicKey> KeyOf(std::string_view jwk) {
  return PublicKey::FromJwk(*JsonObject::Parse(jwk));
}

constexpr std::string_view kMessage = "header.payload";

TEST(PublicKey, VerifiesWhatItsPrivatePartSigned) {
  const auto rsa = SigningKey::Rsa("r");
  const auto ec = SigningKey::Ec("e");
  const struct {
    const SigningKey& key;
    Algorithm algorithm;
  } cases[] = {{rsa, Algorithm::kRs256}, {rsa, Algorithm::kPs256}, {ec, Algorithm::kEs256}};
  for (const auto& [signer, algorithm] : cases) {
    SCOPED_TRACE(NameOf(algorithm));
    const auto key = KeyOf(signer.Jwk());
    ASSERT_TRUE(key) << key.error().message;
    auto signature = signer.Sign(algorithm, kMessage);
    EXPECT_TRUE(key->Verifies(algorithm, kMessage, signature));
    EXPECT_FALSE(key->Verifies(algorithm, "header.payloaD", signature));
    EXPECT_FALSE(key->Verifies(algorithm, kMessage, signature.substr(1)));
    EXPECT_FALSE(key->Verifies(algorithm, kMessage, signature + '\0'));
    EXPECT_FALSE(key->Verifies(algorithm, kMessage, ""));
    signature.back() = static_cast<char>(signature.back() ^ 1);
    EXPECT_FALSE(key->Verifies(algorithm, kMessage, signature));
  }
}

TEST(PublicKey, VerifiesNothingWithAnAlgorithmOfAnotherType) {
  const auto rsa = SigningKey::Rsa("r");
  const auto key = KeyOf(rsa.Jwk());
  ASSERT_TRUE(key);
  EXPECT_FALSE(key->Fits(Algorithm::kEs256));
  EXPECT_FALSE(key->Verifies(Algorithm::kEs256, kMessage, rsa.Sign(Algorithm::kRs256, kMessage)));
  EXPECT_FALSE(key->Verifies(Algorithm::kPs256, kMessage, rsa.Sign(Algorithm::kRs256, kMessage)));
}

TEST(PublicKey, HoldsToTheAlgorithmThatItsJwkNames) {
  const auto rsa = SigningKey::Rsa("r");
  const auto key = KeyOf(rsa.Jwk(R"(,"alg":"PS256")"));
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->Verifies(Algorithm::kPs256, kMessage, rsa.Sign(Algorithm::kPs256, kMessage)));
  EXPECT_FALSE(key->Verifies(Algorithm::kRs256, kMessage, rsa.Sign(Algorithm::kRs256, kMessage)));
}

// RFC 7515 A.3: an ES256 signature that others made.
TEST(PublicKey, VerifiesTheExampleOfTheStandard) {
  const auto key = KeyOf(
      R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
          "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})");
  ASSERT_TRUE(key) << key.error().message;
  const auto signature = FromBase64Url(
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  ASSERT_TRUE(signature);
  EXPECT_TRUE(key->Verifies(
      Algorithm::kEs256,
      "eyJhbGciOiJFUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ",
      *signature));
}

TEST(PublicKey, RefusesSignaturesOfZeros) {
  const auto key = KeyOf(SigningKey::Ec("e").Jwk());
  ASSERT_TRUE(key);
  EXPECT_FALSE(key->Verifies(Algorithm::kEs256, kMessage, std::string(64, '\0')));
}

TEST(PublicKey, RefusesKeysThatAreNotForUs) {
  const auto rsa = SigningKey::Rsa("r");
  const auto ec = SigningKey::Ec("e");
  for (const auto& jwk :
       {rsa.Jwk(R"(,"use":"enc")"), rsa.Jwk(R"(,"use":1)"), rsa.Jwk(R"(,"alg":"RS512")"),
        rsa.Jwk(R"(,"alg":"HS256")"), ec.Jwk(R"(,"alg":"none")"), SigningKey::Rsa("s", 1024).Jwk(),
        std::string(R"({"kty":"oct","k":"c2VjcmV0"})"),
        std::string(R"({"kty":"EC","crv":"P-384"})"), std::string("{}")}) {
    SCOPED_TRACE(jwk);
    EXPECT_EQ(CodeOf(KeyOf(jwk)), ErrorCode::kUnsupported);
  }
}

TEST(PublicKey, RefusesNumbersThatAreNoKey) {
  const std::string zeros = ToBase64Url(std::string(32, '\0'));
  const std::string ones = ToBase64Url(std::string(32, '\xff'));
  const auto ec = [](std::string_view x, std::string_view y) {
    return fmt::format(R"({{"kty":"EC","crv":"P-256","x":"{}","y":"{}"}})", x, y);
  };
  const std::string odd = ToBase64Url(std::string(256, '\xff'));
  const std::string even = ToBase64Url(std::string(256, '\xfe'));
  const auto rsa = [](std::string_view n, std::string_view e) {
    return fmt::format(R"({{"kty":"RSA","n":"{}","e":"{}"}})", n, e);
  };
  for (const auto& jwk :
       {ec(zeros, zeros), ec(ones, ones), ec(zeros, ones), ec("", ""), ec("AA", "AA"), ec("!", "!"),
        rsa("", ""), rsa("", "AQAB"), rsa(odd, ""), rsa(odd, "AQ"), rsa(odd, "Ag"),
        rsa(even, "AQAB"), rsa(odd, odd), std::string(R"({"kty":"RSA"})"),
        std::string(R"({"kty":"EC","crv":"P-256"})")}) {
    SCOPED_TRACE(jwk);
    EXPECT_EQ(CodeOf(KeyOf(jwk)), ErrorCode::kInvalidArgument);
  }
}

TEST(ParseKeySet, LeavesOutWhatIsNotUsable) {
  const auto keys = ParseKeySet(fmt::format(R"({{"keys":[{},{{"kty":"oct","k":"AA"}},null,{}]}})",
                                            SigningKey::Rsa("r").Jwk(), SigningKey::Ec("e").Jwk()));
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_EQ((*keys)[0].id(), "r");
  EXPECT_EQ((*keys)[1].id(), "e");
  EXPECT_EQ(CodeOf(ParseKeySet("{}")), ErrorCode::kProtocol);
  EXPECT_EQ(CodeOf(ParseKeySet("<html>")), ErrorCode::kProtocol);
}

}  // namespace
}  // namespace gateway::identity
