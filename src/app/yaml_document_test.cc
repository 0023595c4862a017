#include "app/yaml_document.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gateway::app {
namespace {

std::string Repeat(std::string_view piece, std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += piece;
  return text;
}

// The complaint about `text`, or "accepted".
std::string Complaint(std::string_view text) {
  Problems problems("f");
  if (ParseYaml(text, problems)) return problems.empty() ? "accepted" : "accepted, and reported";
  return problems.ToError().message;
}

TEST(YamlDocument, AcceptsTheFormsThatEditorsAndToolsWrite) {
  for (const auto* text : {
           "a: 1\n",
           "a: 'it''s'\n",
           "a: \"say \\\"x\\\"\"\n",
           "\xef\xbb\xbf"  // byte order mark
           "a: 1\n",
           "%YAML 1.2\n---\na: 1\n...\n",
           "{\"a\": {\n\t\"b\": 1\n}}",  // JSON that is indented with tabs
           "a: \"caf\xc3\xa9 \xf0\x9f\x90\xb0\"\r\n",
           "x: &x {a: 1}\ny:\n  <<: *x\n",
       }) {
    SCOPED_TRACE(text);
    EXPECT_EQ(Complaint(text), "accepted");
  }
}

TEST(YamlDocument, RefusesBadTextsWithThePlace) {
  const struct {
    std::string text;
    const char* complaint;
  } cases[] = {
      {"", "f:1:1: the file is empty; needed at least: listeners"},
      {"# nothing but a comment\n", "f:1:1: the file is empty"},
      {"a: 1\nb: \xff\n", "f:2:4: the file is not UTF-8"},
      {"a: \xc0\xaf", "f:1:4: the file is not UTF-8"},          // overlong
      {"a: \xed\xa0\x80", "f:1:4: the file is not UTF-8"},      // surrogate
      {"a: \xf4\x90\x80\x80", "f:1:4: the file is not UTF-8"},  // above U+10FFFF
      {"a: \xe2\x82", "f:1:4: the file is not UTF-8"},          // cut off
      {"\xff\xfe"
       "a",
       "f:1:1: the file is not UTF-8"},  // UTF-16
      {std::string("a\0:", 3), "f:1:2: control character"},
      {"a: \x1b[31m", "f:1:4: control character"},
      {"a: 1\n---\nb: 2\n", "f:2:1: a second document begins here"},
      {"[a]\nb: 1\n", "f:2:1: a second document begins here"},
      {"a:\n\tb: 1\n", "f:2:1: a tab indents this line; allowed: blanks"},
      {"a:\n  b: 1\n \t c: 2\n", "f:3:2: a tab indents this line"},
      {"a: [1, 2\nb: 3\n", "not valid YAML: "},
      {"a: 'open\nb: 2\n", "f:1:4: this quote is never closed"},
      {"a: 'it''s\nb: 2\n", "f:1:4: this quote is never closed"},
      {"a: 1\nb: \"open \\\"\nc: 1\n", "this quote is never closed"},
      {"a: *nowhere\n", "f:1:4: not valid YAML: the referenced anchor is not defined"},
  };
  for (const auto& [text, complaint] : cases) {
    SCOPED_TRACE(text);
    EXPECT_NE(Complaint(text).find(complaint), std::string::npos) << Complaint(text);
  }
}

TEST(YamlDocument, DoesNotRepeatASecretThatLooksLikeAnAlias) {
  EXPECT_EQ(Complaint("token: *hunter2\n").find("hunter2"), std::string::npos);
}

TEST(YamlDocument, RefusesHostileNestingWithoutRunningOutOfStackOrMemory) {
  for (const auto* piece : {"[", "{", "{a: ", "- ", "? ", ": ", "[[],"}) {
    SCOPED_TRACE(piece);
    const auto complaint = Complaint(Repeat(piece, 100'000));
    EXPECT_NE(complaint.find("nested more than 32 levels deep"), std::string::npos) << complaint;
  }
}

TEST(YamlDocument, RefusesIndentedHostileNesting) {
  std::string text;
  for (std::size_t depth = 0; depth < 1000; ++depth) text += std::string(depth, ' ') + "a:\n";
  EXPECT_NE(Complaint(text).find("f:33:33: nested more than 32"), std::string::npos);
}

TEST(YamlDocument, CountsAnAliasAsAllThatItNames) {
  // Each alias names 303 nodes: 300 of them are about 91,000, 400 are 121,000.
  const auto multiply = [](std::size_t aliases) {
    return "a: &a {b: [" + Repeat("x,", 600) + "]}\nc:\n" + Repeat("- *a\n", aliases * 5);
  };
  EXPECT_EQ(Complaint(multiply(300)), "accepted");
  EXPECT_TRUE(Complaint(multiply(400))
                  .ends_with("the file is too long from here on; allowed: 100000 keys and values, "
                             "an alias counting as "
                             "all that it names"))
      << Complaint(multiply(400));
}

TEST(YamlDocument, RefusesAliasesThatDoubleAtEachLine) {
  std::string text = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 64; ++i) text += fmt::format("a{0}: &a{0} [*a{1}, *a{1}]\n", i, i - 1);
  EXPECT_NE(Complaint(text).find("too long from here on"), std::string::npos) << Complaint(text);
}

TEST(YamlDocument, RefusesMoreValuesThanAConfigurationNeeds) {
  EXPECT_EQ(Complaint("[" + Repeat("a,", 200'000) + "]"),
            "f:1:200000: the file is too long from here on; allowed: 100000 keys and values, an "
            "alias counting as all that it names");
}

// yaml-cpp's LoadAll() never ends on this.
TEST(YamlDocument, RefusesTextBehindTheEndOfTheDocument) {
  EXPECT_EQ(Complaint(Repeat("[],", 1000)),
            "f:1:3: a second document begins here; allowed: one document in the file");
}

}  // namespace
}  // namespace gateway::app
