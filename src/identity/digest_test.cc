#include "identity/digest.h"

#include <gtest/gtest.h>

namespace gateway::identity {
namespace {

TEST(Digest, KnowsTheVectorsOfItsStandards) {
  EXPECT_EQ(ToHex(Sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(ToHex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Digest, ComparesAllBytes) {
  const auto digest = Sha256("abc");
  EXPECT_TRUE(SameDigest(digest, Sha256("abc")));
  for (const std::size_t at : {std::size_t{0}, digest.size() - 1}) {
    auto other = digest;
    other[at] ^= 1;
    EXPECT_FALSE(SameDigest(digest, other));
  }
}

TEST(Digest, ReadsItsHexadecimalFormStrictly) {
  const auto digest = Sha256("abc");
  const auto hex = ToHex(digest);
  EXPECT_EQ(DigestFromHex(hex), digest);
  EXPECT_FALSE(DigestFromHex(hex.substr(1)));
  EXPECT_FALSE(DigestFromHex(hex + "00"));
  EXPECT_FALSE(DigestFromHex("g" + hex.substr(1)));
  EXPECT_FALSE(DigestFromHex(""));
}

TEST(Base64Url, GoesThereAndBack) {
  const struct {
    std::string bytes;
    std::string text;
  } cases[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "-__-"}};
  for (const auto& [bytes, text] : cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(ToBase64Url(bytes), text);
    EXPECT_EQ(FromBase64Url(text), bytes);
  }
}

TEST(Base64Url, HasOneFormForEachByteString) {
  for (const auto text : {"Zg==", "Zh", "Z", "Zm9", "Zm9vY", "Zm 9v", "Zm+v", "Zm/v", "Zm9v\n"}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(FromBase64Url(text));
  }
}

TEST(RandomBytes, DoNotRepeat) {
  const auto bytes = RandomBytes(32);
  EXPECT_EQ(bytes.size(), 32U);
  EXPECT_NE(bytes, RandomBytes(32));
}

}  // namespace
}  // namespace gateway::identity
