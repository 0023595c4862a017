#include "app/config_values.h"

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway::app {
namespace {

using namespace std::chrono_literals;

TEST(ConfigValues, ReadsDurations) {
  const std::pair<const char*, std::chrono::milliseconds> cases[] = {
      {"500ms", 500ms}, {"10s", 10s}, {"2m", 2min}, {"1h", 1h}, {"24h", 24h}, {"1ms", 1ms}};
  for (const auto& [text, time] : cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(ParseDuration(text, 1ms), time);
  }
}

TEST(ConfigValues, RefusesDurationsWithoutAUnitOrOutOfRange) {
  for (const auto* text : {"", "10", "s", "-1s", "1.5s", "10 s", "10S", "1d", "0s", "25h",
                           "18446744073709551615h", "99999999999999999999s", "10s "}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(CodeOf(ParseDuration(text, 1ms)), ErrorCode::kInvalidArgument);
  }
}

TEST(ConfigValues, TakesAZeroDurationOnlyWhereItMakesSense) {
  EXPECT_EQ(ParseDuration("0s", 0ms), 0ms);
  EXPECT_EQ(ParseDuration("0s", 1ms).error().message,
            "'0s' is not allowed; allowed: a duration such as 500ms, 10s, 2m or 1h, from 1ms to "
            "24h");
}

TEST(ConfigValues, ReadsSizes) {
  EXPECT_EQ(ParseSize("4096", 0, 1 << 30), 4096u);
  EXPECT_EQ(ParseSize("64KiB", 0, 1 << 30), 65536u);
  EXPECT_EQ(ParseSize("1MiB", 0, 1 << 30), 1048576u);
  EXPECT_EQ(ParseSize("0", 0, 1 << 30), 0u);
}

TEST(ConfigValues, RefusesSizesThatAreNoneOrOutOfRange) {
  for (const auto* text : {"", "64KB", "64 KiB", "64kib", "-1", "1.5MiB", "1GiB", "KiB", "1023",
                           "2MiB", "18446744073709551615MiB"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(CodeOf(ParseSize(text, 1024, 1024 * 1024)), ErrorCode::kInvalidArgument);
  }
}

TEST(ConfigValues, ReadsAddressesInOneSpelling) {
  const struct {
    const char* text;
    const char* host;
    int port;
  } cases[] = {
      {"127.0.0.1:8080", "127.0.0.1", 8080}, {"0.0.0.0:1", "0.0.0.0", 1},
      {"[::1]:65535", "::1", 65535},         {"[::]:0", "::", 0},
      {"[0:0::0:1]:8080", "::1", 8080},      {"[2001:DB8::1]:8080", "2001:db8::1", 8080},
      {"localhost:8080", "127.0.0.1", 8080},
  };
  for (const auto& [text, host, port] : cases) {
    SCOPED_TRACE(text);
    const auto address = ParseAddress(text);
    ASSERT_TRUE(address);
    EXPECT_EQ(address->host, host);
    EXPECT_EQ(address->port, port);
  }
}

TEST(ConfigValues, RefusesWhatIsNoAddress) {
  for (const auto* text : {"",
                           ":",
                           ":8080",
                           "8080",
                           "127.0.0.1",
                           "127.0.0.1:",
                           "127.0.0.1:65536",
                           "127.0.0.1:-1",
                           "127.0.0.1:80 ",
                           "127.0.0.1:8080:1",
                           "localhost",
                           "[localhost]:8080",
                           "trino.example.com:8080",
                           "127.1:80",
                           "256.0.0.1:80",
                           "::1:8080",
                           "[::1]",
                           "[::1:8080",
                           "[]:80",
                           "[127.0.0.1]:80",
                           "[fe80::1%eth0]:80",
                           "http://127.0.0.1:8080"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(CodeOf(ParseAddress(text)), ErrorCode::kInvalidArgument);
  }
}

TEST(ConfigValues, WritesAddressesAsTheyAreRead) {
  for (const auto* text : {"127.0.0.1:8080", "[::1]:8080"}) {
    EXPECT_EQ(ParseAddress(text)->ToString(), text);
  }
}

TEST(ConfigValues, NeverRepeatsASecret) {
  for (const auto& message : {ParseToken("two words\r\nX: 1").error().message,
                              ParseStoreUrl("oracle://words").error().message}) {
    EXPECT_EQ(message.find("words"), std::string::npos) << message;
    EXPECT_NE(message.find("allowed: "), std::string::npos) << message;
  }
}

TEST(ConfigValues, RefusesTokensAndUsersThatWouldBreakAHeader) {
  for (const auto* text : {"a\r\nX-Evil: 1", "a\tb", "caf\xc3\xa9", "\x7f"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(CodeOf(ParseToken(text)), ErrorCode::kInvalidArgument);
    EXPECT_EQ(CodeOf(ParseUser(text)), ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(ParseToken("a b").has_value(), false);
  EXPECT_EQ(ParseUser("probe user"), "probe user");
}

TEST(ConfigValues, TakesStoresThatItKnows) {
  EXPECT_TRUE(ParseStoreUrl("sqlite::memory:"));
  EXPECT_EQ(ParseStoreUrl("postgresql://gw:p%40ss@db/gateway"),
            "postgresql://gw:p%40ss@db/gateway");
  EXPECT_TRUE(ParseStoreUrl("mysql://gw@db:3307/gateway"));
  for (const auto* text : {"sqlite:", "gateway.db", "postgresql://h", "sqlite:a\"b"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(CodeOf(ParseStoreUrl(text)), ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace gateway::app
