#include "base/ip_address.h"

#include <string>

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway {
namespace {

bool Contains(std::string_view block, std::string_view address) {
  const auto parsed = AddressBlock::Parse(block);
  const auto number = IpAddress::Parse(address);
  EXPECT_TRUE(parsed) << block;
  EXPECT_TRUE(number) << address;
  return parsed && number && parsed->Contains(*number);
}

TEST(IpAddress, TakesPlainAddressesOnly) {
  for (const auto text : {"192.0.2.1", "::1", "2001:db8::1", "::ffff:192.0.2.1"}) {
    SCOPED_TRACE(text);
    EXPECT_TRUE(IpAddress::Parse(text));
  }
  for (const auto text : {"", "192.0.2", "192.0.2.256", "192.0.2.1:80", "[::1]", "localhost",
                          "fe80::1%eth0", "1.2.3.4 "}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(IpAddress::Parse(text));
  }
  EXPECT_FALSE(IpAddress::Parse(std::string(200, '1')));
  EXPECT_FALSE(IpAddress::Parse(std::string_view("1.2.3.4\0.5", 10)));
}

TEST(IpAddress, IsTheSameInBothItsForms) {
  EXPECT_EQ(IpAddress::Parse("192.0.2.1"), IpAddress::Parse("::ffff:192.0.2.1"));
  EXPECT_NE(IpAddress::Parse("192.0.2.1"), IpAddress::Parse("::192.0.2.1"));
}

TEST(AddressBlock, HoldsWhatHasItsPrefix) {
  struct Case {
    std::string_view block;
    std::string_view address;
    bool holds;
  };
  const Case cases[] = {
      {"10.0.0.0/8", "10.255.0.1", true},      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.0.0.0/8", "::ffff:10.0.0.1", true}, {"10.0.0.0/8", "::1", false},
      {"0.0.0.0/0", "203.0.113.9", true},      {"0.0.0.0/0", "2001:db8::1", false},
      {"::/0", "203.0.113.9", true},           {"192.0.2.128/25", "192.0.2.127", false},
      {"192.0.2.128/25", "192.0.2.128", true}, {"192.0.2.7", "192.0.2.7", true},
      {"192.0.2.7", "192.0.2.6", false},       {"2001:db8::/32", "2001:db8:ffff::1", true},
      {"2001:db8::/32", "2001:db9::1", false}, {"::1/128", "::1", true},
  };
  for (const auto& [block, address, holds] : cases) {
    SCOPED_TRACE(std::string(block) + " " + std::string(address));
    EXPECT_EQ(Contains(block, address), holds);
  }
}

TEST(AddressBlock, RefusesWhatIsNoBlock) {
  for (const auto text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "10/8",
                          "10.0.0.0/8/8", "any", "10.1.2.3/8", "2001:db8::1/32"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(CodeOf(AddressBlock::Parse(text)), ErrorCode::kInvalidArgument);
  }
}

TEST(IpAddress, IsWrittenInOneWay) {
  const std::pair<std::string_view, std::string_view> cases[] = {{"192.0.2.1", "192.0.2.1"},
                                                                 {"::ffff:192.0.2.1", "192.0.2.1"},
                                                                 {"2001:DB8:0::0:1", "2001:db8::1"},
                                                                 {"::1", "::1"},
                                                                 {"0.0.0.0", "0.0.0.0"}};
  for (const auto& [text, written] : cases) EXPECT_EQ(IpAddress::Parse(text)->ToString(), written);
}

}  // namespace
}  // namespace gateway
