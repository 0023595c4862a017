#include "http/client_address.h"

#include <vector>

#include <gtest/gtest.h>

namespace gateway::http {
namespace {

std::string Find(std::string_view peer, const std::vector<std::string_view>& lines) {
  const std::vector<AddressBlock> trusted = {*AddressBlock::Parse("10.0.0.0/8"),
                                             *AddressBlock::Parse("fd00::/8")};
  std::vector<HeaderField> fields = {{"Host", "gw"}};
  for (const auto line : lines) fields.push_back({"x-forwarded-FOR", line});
  fields.push_back({"X-Forwarded-Host", "192.0.2.66"});
  return ClientAddress(peer, trusted, fields);
}

TEST(ClientAddress, IsTheLastOneThatNobodyTrustedWrote) {
  const struct {
    std::string_view peer;
    std::vector<std::string_view> lines;
    std::string_view client;
  } cases[] = {
      {"192.0.2.1", {"198.51.100.1"}, "192.0.2.1"},  // says so itself
      {"10.0.0.1", {}, "10.0.0.1"},
      {"10.0.0.1", {"198.51.100.1"}, "198.51.100.1"},
      {"10.0.0.1", {"203.0.113.9, 198.51.100.1"}, "198.51.100.1"},  // the first is a claim
      {"10.0.0.1", {"203.0.113.9,198.51.100.1 , 10.0.0.2"}, "198.51.100.1"},
      {"10.0.0.1", {"203.0.113.9", "198.51.100.1", "10.0.0.2"}, "198.51.100.1"},
      {"10.0.0.1", {"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
      {"::ffff:10.0.0.1", {"::ffff:198.51.100.1"}, "198.51.100.1"},
      {"fd00::1", {"2001:DB8::0:1, fd00::2"}, "2001:db8::1"},
      {"10.0.0.1", {"198.51.100.1:4711"}, "198.51.100.1"},
      {"10.0.0.1", {"[2001:db8::1]:4711"}, "2001:db8::1"},
      {"10.0.0.1", {"[2001:db8::1]"}, "2001:db8::1"},
  };
  for (const auto& [peer, lines, client] : cases) {
    SCOPED_TRACE(client);
    EXPECT_EQ(Find(peer, lines), client);
  }
}

TEST(ClientAddress, StopsAtWhatIsNoAddress) {
  for (const auto claim :
       {"unknown", "", ",", "203.0.113.9,", "203.0.113.9, unknown", "203.0.113.9 198.51.100.1",
        "198.51.100.1:", "198.51.100.1:0", "198.51.100.1:99999", "198.51.100", "198.51.100.1/32",
        "[198.51.100.1]:80", "[2001:db8::1", "[2001:db8::1]80", "2001:db8::1%eth0", "0x7f.1",
        "gw.example", "198.51.100.1;x"}) {
    SCOPED_TRACE(claim);
    EXPECT_EQ(Find("10.0.0.1", {claim}), "10.0.0.1");
    EXPECT_EQ(Find("10.0.0.1", {"203.0.113.9", claim, "10.0.0.2"}), "10.0.0.2");
  }
}

TEST(ClientAddress, IsThePeerWhereNobodyIsTrusted) {
  const std::vector<HeaderField> fields = {{"X-Forwarded-For", "198.51.100.1"}};
  EXPECT_EQ(ClientAddress("10.0.0.1", {}, fields), "10.0.0.1");
}

}  // namespace
}  // namespace gateway::http
