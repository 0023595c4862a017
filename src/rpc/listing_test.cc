#include "rpc/listing.h"

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway::rpc {
namespace {

// Does an object with these values pass?
bool Passes(std::string_view filter, std::string_view id, std::vector<std::string> groups) {
  const auto terms = ParseFilter(filter, {{"id"}, {"group"}});
  EXPECT_TRUE(terms);
  return terms && MatchesAll(*terms, [&](std::string_view name) {
           return name == "id" ? std::vector<std::string_view>{id}
                               : std::vector<std::string_view>{groups.begin(), groups.end()};
         });
}

TEST(ParseFilter, AsksForAllOfItsTerms) {
  EXPECT_TRUE(Passes("", "a", {}));
  EXPECT_TRUE(Passes("id=a group=x", "a", {"y", "x"}));
  EXPECT_FALSE(Passes("id=a group=x", "a", {"y"}));
  EXPECT_FALSE(Passes("id=b group=x", "a", {"x"}));
}

TEST(ParseFilter, ComparesWithoutRegardToCaseWithPrefixesAndNegation) {
  EXPECT_TRUE(Passes("id=ETL", "etl", {}));
  EXPECT_TRUE(Passes("id=etl-*", "etl-1", {}));
  EXPECT_FALSE(Passes("id=etl-*", "etl", {}));
  EXPECT_TRUE(Passes("id=*", "anything", {}));
  EXPECT_TRUE(Passes("group!=x", "a", {}));
  EXPECT_FALSE(Passes("group!=x", "a", {"y", "x"}));
}

TEST(ParseFilter, NamesWhatIsWrong) {
  for (const auto filter : {"id", "colour=red", "=x", "a b", "id=", "id=a/b", "id=-a",
                            "enabled=yes", "enabled=", "enabled!=tru", "enabled=trues*"}) {
    SCOPED_TRACE(filter);
    const auto terms = ParseFilter(filter, {{"id"}, {"enabled", {"true", "false"}}});
    ASSERT_EQ(CodeOf(terms), ErrorCode::kInvalidArgument);
    EXPECT_TRUE(terms.error().message.starts_with("field 'filter': ")) << terms.error().message;
  }
  EXPECT_TRUE(
      ParseFilter("enabled=TRUE enabled!=f* id=*", {{"id"}, {"enabled", {"true", "false"}}}));
}

TEST(ParseFilter, IsBounded) {
  const auto code = [](std::string_view filter) { return CodeOf(ParseFilter(filter, {{"id"}})); };
  std::string terms;
  for (std::size_t i = 0; i < kMaxFilterTerms; ++i) terms += " id=a";
  EXPECT_EQ(code(terms), std::nullopt);
  EXPECT_EQ(code(terms + " id=a"), ErrorCode::kInvalidArgument);
  const std::string blanks(kMaxFilterBytes - 4, ' ');
  EXPECT_EQ(code(blanks + "id=a"), std::nullopt);
  EXPECT_EQ(code(blanks + " id=a"), ErrorCode::kInvalidArgument);
}

TEST(PageStart, TakesIdsOnly) {
  EXPECT_EQ(*PageStart(""), "");
  EXPECT_EQ(*PageStart("etl-1"), "etl-1");
  for (const auto token : {"/", "a b", "\xff", "*"}) {
    const auto start = PageStart(token);
    ASSERT_EQ(CodeOf(start), ErrorCode::kInvalidArgument);
    EXPECT_TRUE(start.error().message.starts_with("field 'page_token': "));
  }
}

TEST(PageSize, IsBounded) {
  EXPECT_EQ(*PageSize(0), 100U);
  EXPECT_EQ(*PageSize(1000), 1000U);
  for (const std::int32_t size : {-1, 1001}) {
    EXPECT_EQ(CodeOf(PageSize(size)), ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace gateway::rpc
