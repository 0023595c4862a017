#include "base/base64.h"

#include <gtest/gtest.h>

namespace gateway {
namespace {

TEST(DecodeBase64, ReadsTheVectorsOfTheRfc) {
  const struct {
    std::string_view text;
    std::string_view decoded;
  } cases[] = {{"", ""},
               {"Zg==", "f"},
               {"Zm8=", "fo"},
               {"Zm9v", "foo"},
               {"Zm9vYg==", "foob"},
               {"Zm9vYmE=", "fooba"},
               {"+/A=", "\xfb\xf0"},
               {"YTpi", "a:b"}};
  for (const auto& [text, decoded] : cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(DecodeBase64(text), decoded);
  }
}

TEST(DecodeBase64, RefusesWhatNoEncoderWrites) {
  for (const auto* text : {"Z", "Zg", "Zg=", "Zg===", "====", "=", "Z===", "Zh==", "Zm9=", "Zm 9v",
                           "Zg==Zg==", "Zm9v\n", "Zm-_", "Zm9v===="}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(DecodeBase64(text), std::nullopt);
  }
}

}  // namespace
}  // namespace gateway
