#include "base/utf8.h"

#include <gtest/gtest.h>

namespace gateway {
namespace {

TEST(Utf8, ReplacesEachByteThatBelongsToNoCharacter) {
  const struct {
    std::string_view text;
    std::string_view valid;
  } cases[] = {
      {"", ""},
      {"SELECT 1\t\x7f", "SELECT 1\t\x7f"},
      {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
      {"\xe2\x82\xac \xf0\x9f\x90\x98", "\xe2\x82\xac \xf0\x9f\x90\x98"},
      {"gr\xfc\xdf", "gr\xef\xbf\xbd\xef\xbf\xbd"},                              // Latin-1
      {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},                                  // cut off
      {"\xc3(", "\xef\xbf\xbd("},                                                // not continued
      {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},                                  // overlong
      {"\xe0\x80\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},                  // overlong
      {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},                  // surrogate
      {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},  // beyond
  };
  for (const auto& [text, valid] : cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(ToUtf8(text), valid);
    EXPECT_EQ(IsUtf8(text), text == valid);
    EXPECT_TRUE(IsUtf8(valid));
  }
}

TEST(Utf8, TellsTheLengthOfTheFirstCharacter) {
  EXPECT_EQ(Utf8Length(""), 0U);
  EXPECT_EQ(Utf8Length("ab"), 1U);
  EXPECT_EQ(Utf8Length("\xf0\x9f\x90\x98x"), 4U);
  EXPECT_EQ(Utf8Length("\x80"), 0U);
}

}  // namespace
}  // namespace gateway
