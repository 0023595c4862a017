#include "identity/ldap_names.h"

#include <gtest/gtest.h>

namespace gateway::identity {
namespace {

TEST(LdapNames, PutsNamesInUnchangedWhereTheyCanOnlyBeNames) {
  EXPECT_EQ(FillLdapPattern("uid={user},ou=people,dc=x", "ann1", ""), "uid=ann1,ou=people,dc=x");
}

TEST(LdapNames, LeavesNoWayOutOfAValue) {
  const struct {
    std::string_view user;
    std::string_view filter;
  } cases[] = {
      {"*", "(uid=\\2a)"},
      {"a)(uid=*", "(uid=a\\29\\28uid\\3d\\2a)"},
      {"a\\", "(uid=a\\5c)"},
      {std::string_view("a\0b", 3), "(uid=a\\00b)"},
      {"a,ou=admins", "(uid=a\\2cou\\3dadmins)"},
      {"a+cn=b", "(uid=a\\2bcn\\3db)"},
      {"#04", "(uid=\\2304)"},
      {" a ", "(uid=\\20a\\20)"},
      {"\"a;<b>\"", "(uid=\\22a\\3b\\3cb\\3e\\22)"},
      {"{dn}", "(uid=\\7bdn\\7d)"},
      {"\xc3\xa4", "(uid=\\c3\\a4)"},
  };
  for (const auto& [user, filter] : cases) {
    SCOPED_TRACE(filter);
    EXPECT_EQ(FillLdapPattern("(uid={user})", user, "secret"), filter);
  }
}

TEST(LdapNames, PutsAWholeDnIntoAFilter) {
  EXPECT_EQ(FillLdapPattern("(|(member={dn})(memberUid={user}))", "a", "uid=a,dc=x"),
            "(|(member=uid\\3da\\2cdc\\3dx)(memberUid=a))");
}

TEST(LdapNames, KnowsAGroupByItsDnInAnySpelling) {
  const std::string group = "cn=Gateway Admins,ou=groups,dc=example,dc=org";
  EXPECT_TRUE(IsLdapGroup(group, group));
  EXPECT_TRUE(IsLdapGroup(group, "CN=gateway admins, OU=Groups, DC=example, DC=org"));
  EXPECT_TRUE(IsLdapGroup("cn=a\\2cb,dc=x", "cn=a\\,b,dc=x"));
  EXPECT_FALSE(IsLdapGroup(group, "cn=Gateway Admins,ou=groups,dc=example"));
  EXPECT_FALSE(IsLdapGroup(group, "cn=Admins,ou=groups,dc=example,dc=org"));
}

TEST(LdapNames, KnowsAGroupByItsFirstNameOnly) {
  EXPECT_TRUE(IsLdapGroup("cn=Admins,ou=groups,dc=x", "admins"));
  EXPECT_FALSE(IsLdapGroup("cn=Admins,ou=groups,dc=x", "groups"));
  EXPECT_FALSE(IsLdapGroup("cn=not admins,ou=groups,dc=x", "admins"));
  EXPECT_TRUE(IsLdapGroup("admins", "admins")) << "attributes may hold plain names";
  EXPECT_FALSE(IsLdapGroup("cn=cn\\3dadmins\\2cdc\\3dx,ou=evil", "cn=admins,dc=x"));
}

TEST(LdapNames, SurvivesWhatIsNoName) {
  for (const auto* text : {"", "=", ",", "cn", "cn=", "\\", "cn=\\zz", "+", "cn=a,,dc=x"}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(IsLdapGroup(text, "admins"));
    EXPECT_FALSE(IsLdapGroup("cn=admins,dc=x", text));
  }
}

}  // namespace
}  // namespace gateway::identity
