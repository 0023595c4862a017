#include "identity/password_hash.h"

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway::identity {
namespace {

TEST(PasswordHash, VerifiesWhatItWasMadeFromAndNothingElse) {
  const auto hash = HashPassword("correct horse");
  ASSERT_TRUE(hash) << hash.error().message;
  EXPECT_TRUE(ParsePasswordHash(*hash));
  EXPECT_EQ(VerifyPassword(*hash, "correct horse"), true);
  EXPECT_EQ(VerifyPassword(*hash, "correct hors"), false);
  EXPECT_EQ(VerifyPassword(*hash, ""), false);
}

TEST(PasswordHash, HasAnotherSaltEachTime) {
  EXPECT_NE(HashPassword("x").value_or(""), HashPassword("x").value_or(""));
}

TEST(PasswordHash, VerifiesAHashThatAnotherProgramMade) {
  // printf password | argon2 somesalt -id -t 2 -k 64 -p 1 -e; from the tests of the library.
  EXPECT_EQ(VerifyPassword("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ"
                           "$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                           "password"),
            true);
}

TEST(PasswordHash, RefusesAnEmptyPasswordAndAVeryLongOne) {
  EXPECT_EQ(CodeOf(HashPassword("")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(HashPassword(std::string(kMaxPasswordBytes + 1, 'x'))),
            ErrorCode::kInvalidArgument);
}

TEST(PasswordHash, TellsItsCost) {
  const auto cost = ParsePasswordHash(
      "$argon2id$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc");
  ASSERT_TRUE(cost) << cost.error().message;
  EXPECT_EQ(cost->memory_kib, 65536U);
  EXPECT_EQ(cost->passes, 2U);
  EXPECT_EQ(cost->lanes, 4U);
}

TEST(PasswordHash, IsRefusedWhenItIsNoneOrCostsTooMuch) {
  const std::string end = "$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  for (const auto& text :
       {std::string("secret"), std::string("$2b$12$abcdefghijklmnopqrstuv"),
        "$argon2i$v=19$m=65536,t=2,p=1" + end, "$argon2id$v=16$m=65536,t=2,p=1" + end,
        "$argon2id$v=19$m=262145,t=2,p=1" + end, "$argon2id$v=19$m=65536,t=17,p=1" + end,
        "$argon2id$v=19$m=65536,t=2,p=9" + end, "$argon2id$v=19$m=8,t=2,p=4" + end,
        "$argon2id$v=19$m=-1,t=2,p=1" + end, "$argon2id$v=19$t=2,m=65536,p=1" + end,
        "$argon2id$v=19$m=99999999999999999999,t=2,p=1" + end,
        std::string("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ"),
        std::string("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"),
        "$argon2id$v=19$m=65536,t=2,p=1" + end + "$more",
        "$argon2id$v=19$m=65536,t=2,p=1" + end + "\n"}) {
    SCOPED_TRACE(text);
    const auto cost = ParsePasswordHash(text);
    ASSERT_EQ(CodeOf(cost), ErrorCode::kInvalidArgument);
    EXPECT_EQ(cost.error().message.find(end.substr(1, 8)), std::string::npos) << "shows the hash";
  }
}

}  // namespace
}  // namespace gateway::identity
