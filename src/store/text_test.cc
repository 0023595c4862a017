#include "store/text.h"

#include <gtest/gtest.h>

namespace gateway::store {
namespace {

using namespace std::string_literals;

TEST(Text, TellsWhatEveryDatabaseTakes) {
  for (const auto& text : {""s, "a\n\x01\x7F"s, "\xC2\x80"s, "\xED\x9F\xBF"s, "\xEE\x80\x80"s,
                           "\xF0\x90\x80\x80"s, "\xF4\x8F\xBF\xBF"s}) {
    EXPECT_TRUE(IsStorable(text)) << testing::PrintToString(text);
    EXPECT_EQ(MakeStorable(text), text);
  }
  for (const auto& text :
       {"\0"s, "\x80"s, "\xC1\x81"s, "\xC2"s, "\xC2x"s, "\xE0\x9F\xBF"s, "\xED\xA0\x80"s,
        "\xF0\x8F\xBF\xBF"s, "\xF4\x90\x80\x80"s, "\xF5\x80\x80\x80"s, "\xFF"s, "\xE2\x82"s}) {
    EXPECT_FALSE(IsStorable(text)) << testing::PrintToString(text);
    EXPECT_TRUE(IsStorable(MakeStorable(text))) << testing::PrintToString(text);
  }
}

TEST(Text, ReplacesOnlyWhatCannotBeStored) {
  EXPECT_EQ(MakeStorable("a\0\xFF\xC3\xA9z"s), "a\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA9z");
}

TEST(Text, CutsBetweenCharacters) {
  EXPECT_EQ(MakeStorable("a\xC3\xA9z", 2), "a");
  EXPECT_EQ(MakeStorable("a\xC3\xA9z", 3), "a\xC3\xA9");
  EXPECT_EQ(MakeStorable("abc", 0), "");
}

}  // namespace
}  // namespace gateway::store
