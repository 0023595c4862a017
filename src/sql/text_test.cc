#include "sql/text.h"

#include <string>

#include <gtest/gtest.h>

namespace gateway::sql {
namespace {

struct TextTest : testing::Test {
  Arena arena;

  std::optional<std::string_view> Unicode(std::string_view literal, char escape = '\\') {
    return UnicodeStringValue({TokenKind::kUnicodeString, literal}, escape, arena);
  }
};

TEST_F(TextTest, LowersNamesAsUnicodeHasIt) {
  EXPECT_EQ(Lower("AbC_09", arena), "abc_09");
  EXPECT_EQ(Lower("\u00c0\u00c9", arena), "\u00e0\u00e9");
  EXPECT_EQ(Lower("\u0130stanbul", arena), "i\u0307stanbul") << "one letter becomes two";
  EXPECT_EQ(Lower("\u03a3\u0391\u03a3", arena), "\u03c3\u03b1\u03c2") << "the last sigma is final";
  EXPECT_EQ(Lower("", arena), "");
}

TEST_F(TextTest, TakesQuotesOff) {
  EXPECT_EQ(NameOf({TokenKind::kQuotedIdentifier, "\"a\"\"B\""}, arena), "a\"B");
  EXPECT_EQ(NameOf({TokenKind::kIdentifier, "aB"}, arena), "aB");
  EXPECT_EQ(StringValue({TokenKind::kString, "'it''s ''''\"'"}, arena), "it's ''\"");
}

TEST_F(TextTest, DecodesUnicodeEscapes) {
  EXPECT_EQ(Unicode("U&'x\\0041\\00e4\\+01F600\\\\y'"), "xA\u00e4\U0001F600\\y");
  EXPECT_EQ(Unicode("U&'a!0041\\'", '!'), "aA\\");
  for (const auto* bad :
       {"U&'\\004'", "U&'\\'", "U&'\\x041'", "U&'\\D800'", "U&'\\+110000'", "U&'\\+0041'"}) {
    SCOPED_TRACE(bad);
    EXPECT_EQ(Unicode(bad), std::nullopt);
  }
}

TEST_F(TextTest, KnowsWhichCharactersCanEscape) {
  const auto escape = [](std::string_view text) {
    return EscapeCharacter({TokenKind::kString, text});
  };
  EXPECT_EQ(escape("'!'"), '!');
  for (const auto* bad : {"''", "'!!'", "'a'", "'0'", "'+'", "' '", "''''", "'\"'"}) {
    SCOPED_TRACE(bad);
    EXPECT_EQ(escape(bad), std::nullopt);
  }
}

TEST(Arena, KeepsWhatItGaveWhenItGrowsAndMoves) {
  Arena arena;
  const auto first = Lower("FIRST", arena);
  const auto large = Lower(std::string(100'000, 'X'), arena);
  const Arena moved = std::move(arena);
  EXPECT_EQ(first, "first");
  EXPECT_EQ(large, std::string(100'000, 'x'));
}

}  // namespace
}  // namespace gateway::sql
