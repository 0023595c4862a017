#include "base/strings.h"

#include <gtest/gtest.h>

namespace gateway {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

TEST(EqualsIgnoreCase, ComparesAsciiLettersOnly) {
  EXPECT_TRUE(EqualsIgnoreCase("Content-Length", "content-LENGTH"));
  EXPECT_FALSE(EqualsIgnoreCase("host", "hosts"));
  EXPECT_FALSE(EqualsIgnoreCase("@", "`"));  // differ in the bit that letters fold
}

TEST(Trim, RemovesBlanksAndTabsAtBothEnds) {
  EXPECT_EQ(Trim(" \t a b\t "), "a b");
  EXPECT_EQ(Trim(" \t"), "");
  EXPECT_EQ(Trim(""), "");
}

TEST(SplitList, LeavesOutEmptyElements) {
  EXPECT_EQ(SplitList(" a, ,b ,,c"), (std::vector{"a"sv, "b"sv, "c"sv}));
  EXPECT_TRUE(SplitList(", ,").empty());
}

TEST(ParseDecimal, TakesDigitsOnly) {
  EXPECT_EQ(ParseDecimal("18446744073709551615"), 18446744073709551615u);
  for (const auto text : {"", "+1", "-1", " 1", "1 ", "0x1", "18446744073709551616"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(ParseDecimal(text), std::nullopt);
  }
}

TEST(IsValidId, RefusesWhatCannotStandInAUriOrHeader) {
  EXPECT_TRUE(IsValidId("trino-1.eu_west"));
  for (const auto& id : {""s, "-a"s, "a b"s, "a/b"s, "a~b"s, "é"s, std::string(65, 'a')}) {
    SCOPED_TRACE(id);
    EXPECT_FALSE(IsValidId(id));
  }
}

}  // namespace
}  // namespace gateway
