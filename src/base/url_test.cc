#include "base/url.h"

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway {
namespace {

TEST(ParseUrl, ReadsSchemeHostAndPort) {
  EXPECT_EQ(ParseUrl("http://Trino.example:8080"), (Url{false, "trino.example", 8080}));
  EXPECT_EQ(ParseUrl("https://trino.example/"), (Url{true, "trino.example", 443}));
  EXPECT_EQ(ParseUrl("http://[::1]:8080"), (Url{false, "::1", 8080}));
}

TEST(ParseUrl, RefusesWhatIsNotAPlainAddress) {
  for (const auto text : {"", "trino:8080", "ftp://a", "http://", "http://a:0", "http://a:65536",
                          "http://a:", "http://a/b", "http://a?b", "http://u@a", "http://[::1",
                          "http://[::1]8080", "http://a b"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(CodeOf(ParseUrl(text)), ErrorCode::kInvalidArgument);
  }
}

TEST(ParseHttpLocation, ReadsAddressPathAndQuery) {
  const Url url{false, "auth", 28001};
  EXPECT_EQ(ParseHttpLocation("http://auth:28001/v1/check?a=b"),
            (HttpLocation{url, "/v1/check?a=b"}));
  EXPECT_EQ(ParseHttpLocation("http://auth:28001"), (HttpLocation{url, "/"}));
  EXPECT_EQ(ParseHttpLocation("http://auth:28001?a"), (HttpLocation{url, "/?a"}));
  EXPECT_EQ(ParseHttpLocation("https://[::1]/x"), (HttpLocation{{true, "::1", 443}, "/x"}));
}

TEST(ParseHttpLocation, RefusesWhatIsNoAddress) {
  for (const auto text : {"", "auth:28001/x", "ftp://a/x", "http:///x", "http://u:p@a/x",
                          "http://a/x#y", "http://a/x y", "http://a/\r\nX: y", "http://a:0/x"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(CodeOf(ParseHttpLocation(text)), ErrorCode::kInvalidArgument);
  }
}

TEST(Url, LeavesOutTheDefaultPort) {
  EXPECT_EQ((Url{false, "a", 80}).Authority(), "a");
  EXPECT_EQ((Url{true, "a", 80}).ToString(), "https://a:80");
  EXPECT_EQ((Url{true, "::1", 8443}).ToString(), "https://[::1]:8443");
}

}  // namespace
}  // namespace gateway
