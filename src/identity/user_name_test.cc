#include "identity/user_name.h"

#include <gtest/gtest.h>

namespace gateway::identity {
namespace {

TEST(FoldUserName, MakesOneNameOfAllSpellings) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"ann", "ann"},
      {"ANN", "ann"},
      {" Ann\t", "ann"},
      {"ann  van \tDyk", "ann van dyk"},
      {"\xC3\x89ric", "\xC3\xA9ric"},                   // capital e with acute
      {"E\xCC\x81ric", "\xC3\xA9ric"},                  // e and a combining acute
      {"stra\xC3\x9F", "strass"},                       // sharp s
      {"\xEF\xBD\x81\xEF\xBC\xAE\xEF\xBD\x8E", "ann"},  // full width
      {"\xC5\xBF"
       "am",
       "sam"},  // long s
      {"\xE2\x84\xAA"
       "im",
       "kim"},                             // the Kelvin sign
      {"a\xC2\xADn\xE2\x80\x8Dn", "ann"},  // soft hyphen, joiner
      {"ann\xC2\xA0"
       "b",
       "ann b"},  // a blank that does not break
  };
  for (const auto& [name, folded] : cases) {
    SCOPED_TRACE(name);
    EXPECT_EQ(FoldUserName(name), folded);
    EXPECT_EQ(FoldUserName(folded), folded);
  }
}

TEST(FoldUserName, IsNothingWhereNoNameIsLeft) {
  for (const std::string_view name : {"", " ", "\xC2\xAD", "\xff", "ann\xC3", "\xED\xA0\x80"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(FoldUserName(name), std::nullopt);
  }
}

}  // namespace
}  // namespace gateway::identity
