#include "sql/lexer.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gateway::sql {
namespace {

std::vector<std::string> TextsOf(std::string_view sql) {
  Lexer lexer(sql);
  std::vector<std::string> texts;
  for (auto token = lexer.Next(); token.kind != TokenKind::kEnd; token = lexer.Next()) {
    texts.emplace_back(token.text);
  }
  return texts;
}

Kind FirstKind(std::string_view sql) { return Lexer(sql).Next().kind; }

TEST(Lexer, SkipsBlanksAndComments) {
  EXPECT_EQ(TextsOf(" \t\r\na--b\nc /* d */ e/**/f -- g\rh"),
            (std::vector<std::string>{"a", "c", "e", "f", "h"}));
  EXPECT_EQ(TextsOf("/* /* */ a"), (std::vector<std::string>{"a"})) << "comments do not nest";
  EXPECT_EQ(TextsOf("-- only a comment"), std::vector<std::string>{});
}

TEST(Lexer, TakesTheLongestSign) {
  EXPECT_EQ(TextsOf("a<=b<>c->d=>e||f{-g-}h!=i-j"),
            (std::vector<std::string>{"a", "<=", "b", "<>", "c", "->", "d", "=>", "e", "||", "f",
                                      "{-", "g", "-}", "h", "!=", "i", "-", "j"}));
}

TEST(Lexer, KnowsLiterals) {
  struct Case {
    std::string_view sql;
    Kind kind;
  };
  const Case cases[] = {
      {"'a''b'", TokenKind::kString},
      {"''", TokenKind::kString},
      {"u&'\\0041'", TokenKind::kUnicodeString},
      {"X'00 fF'", TokenKind::kBinary},
      {"x'1'", TokenKind::kInvalid},
      {"x'1g'", TokenKind::kInvalid},
      {"$$ a $ b $$", TokenKind::kDollarString},
      {"$", TokenKind::kDollar},
      {"\"a\"\"b\"", TokenKind::kQuotedIdentifier},
      {"\"\"", TokenKind::kInvalid},
      {"_a1", TokenKind::kIdentifier},
      {"Select", Keyword::kSelect},
      {"match_RECOGNIZE", Keyword::kMatchRecognize},
      {"selects", TokenKind::kIdentifier},
      {"1", TokenKind::kInteger},
      {"1_000", TokenKind::kInteger},
      {"0xFf", TokenKind::kInteger},
      {"0b_10", TokenKind::kInteger},
      {"0o7", TokenKind::kInteger},
      {"1.", TokenKind::kNumber},
      {".5", TokenKind::kNumber},
      {"1e5", TokenKind::kNumber},
      {"1.5E-3", TokenKind::kNumber},
      {"1a", TokenKind::kInvalid},
      {"1_", TokenKind::kInvalid},
      {"0b12", TokenKind::kInvalid},
  };
  for (const auto& [sql, kind] : cases) {
    SCOPED_TRACE(sql);
    EXPECT_EQ(FirstKind(sql).value(), kind.value());
    EXPECT_EQ(TextsOf(sql), std::vector<std::string>{std::string(sql)});
  }
}

TEST(Lexer, MakesOneInvalidTokenOfWhatIsNotClosed) {
  for (const std::string_view sql : {"'a", "\"a", "/* a", "$$ a", "U&'a", "x'00", "'a''", "`a`"}) {
    SCOPED_TRACE(sql);
    EXPECT_EQ(FirstKind(sql).value(), Kind(TokenKind::kInvalid).value());
  }
}

TEST(Lexer, EndsAgainAndAgain) {
  Lexer lexer("a");
  lexer.Next();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(lexer.Next().kind, Kind(TokenKind::kEnd));
}

TEST(TokenStream, LooksAheadWithoutMoving) {
  TokenStream tokens("a b c d e");
  EXPECT_EQ(tokens.Peek(3).text, "d");
  EXPECT_EQ(tokens.Peek(1).text, "b");
  EXPECT_EQ(tokens.current().text, "a");
  std::string seen;
  for (; tokens.current().kind != TokenKind::kEnd; tokens.Advance()) seen += tokens.current().text;
  EXPECT_EQ(seen, "abcde");
}

TEST(TokenStream, IsAtItsEndOnceStopped) {
  TokenStream tokens("a b c");
  tokens.Peek(2);
  tokens.Stop();
  EXPECT_EQ(tokens.current().kind, Kind(TokenKind::kEnd));
  tokens.Advance();
  EXPECT_EQ(tokens.Peek(3).kind, Kind(TokenKind::kEnd));
}

TEST(IsIdentifier, HoldsForKeywordsThatAreNotReserved) {
  EXPECT_TRUE(IsIdentifier(KindOfWord("limit")));
  EXPECT_TRUE(IsIdentifier(KindOfWord("foo")));
  EXPECT_FALSE(IsIdentifier(KindOfWord("SELECT")));
  EXPECT_FALSE(IsIdentifier(TokenKind::kString));
}

}  // namespace
}  // namespace gateway::sql
