#include "rpc/listing.h"

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway::rpc {
namespace {

// Does an object with these values pass?
bool Passes(std::string_view filter, std::string_view id, std::vector<std::string> groups) {
  const auto terms = ParseFilter(filter, {"id", "group"});
  EXPECT_TRUE(terms);
  return terms && MatchesAll(*terms, [&](std::string_view name) {
           return name == "id" ? std::vector<std::string>{std::string(id)} : groups;
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
  for (const auto filter : {"id", "colour=red", "=x", "a b"}) {
    SCOPED_TRACE(filter);
    EXPECT_EQ(CodeOf(ParseFilter(filter, {"id"})), ErrorCode::kInvalidArgument);
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
