#include "rpc/entity_tags.h"

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway::rpc {
namespace {

TEST(ParseEntityTags, ReadsListsOfTags) {
  const struct {
    std::string_view value;
    std::vector<EntityTag> tags;
  } cases[] = {
      {R"("5")", {{"5"}}},
      {R"(  W/"5"	)", {{"5", true}}},
      {R"("")", {{""}}},
      {R"("a,b" ,W/"c",, "d")", {{"a,b"}, {"c", true}, {"d"}}},
      {"\"\xc3\xa4!\"", {{"\xc3\xa4!"}}},
  };
  for (const auto& [value, tags] : cases) {
    SCOPED_TRACE(value);
    const auto parsed = ParseEntityTags("If-Match", value);
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_FALSE(parsed->any);
    EXPECT_EQ(parsed->tags, tags);
  }
  EXPECT_TRUE(ParseEntityTags("If-Match", " * ")->any);
}

TEST(ParseEntityTags, RefusesEverythingElse) {
  std::string many = R"("1")";
  for (int i = 0; i < 32; ++i) many += R"(,"1")";
  const std::string_view cases[] = {"",    " ",       ",",           "5",        "\"5",
                                    "5\"", "\"5\"x",  "\"5\" \"6\"", "w/\"5\"",  "W/ \"5\"",
                                    "W/5", "\"a b\"", "*, \"5\"",    "\"5\", *", "**",
                                    "'5'", many};
  for (const auto value : cases) {
    SCOPED_TRACE(value);
    EXPECT_EQ(CodeOf(ParseEntityTags("If-Match", value)), ErrorCode::kInvalidArgument);
  }
}

TEST(EtagFieldOf, IsWhatOurEtagsSay) {
  EXPECT_EQ(*EtagFieldOf("*"), "*");
  EXPECT_EQ(*EtagFieldOf(R"("5")"), "5");
  EXPECT_EQ(*EtagFieldOf(R"("5", W/"6", "x", "7")"), "5,6,7");
  EXPECT_EQ(*EtagFieldOf(R"(W/"5")"), "5") << "a proxy compressed the answer";
  EXPECT_EQ(*EtagFieldOf(" 5 "), "5") << "from the field";
  for (const auto value : {R"("")", R"(W/"x")", R"("x")", R"("*")", R"("5,6")"}) {
    SCOPED_TRACE(value);
    EXPECT_EQ(CodeOf(EtagFieldOf(value)), ErrorCode::kAborted);
  }
  EXPECT_EQ(CodeOf(EtagFieldOf("5x")), ErrorCode::kInvalidArgument);
}

TEST(EntityTags, MatchesWeakTagsWhereThatIsWanted) {
  const auto tags = ParseEntityTags("If-None-Match", R"("4", W/"5")");
  ASSERT_TRUE(tags);
  EXPECT_TRUE(tags->MatchWeakly("5"));
  EXPECT_TRUE(tags->MatchWeakly("4"));
  EXPECT_FALSE(tags->MatchWeakly("6"));
  EXPECT_TRUE(ParseEntityTags("If-None-Match", "*")->MatchWeakly("6"));
}

}  // namespace
}  // namespace gateway::rpc
