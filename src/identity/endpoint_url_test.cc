#include "identity/endpoint_url.h"

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway::identity {
namespace {

TEST(EndpointUrl, SplitsOriginAndTarget) {
  const struct {
    std::string_view text;
    std::string_view origin;
    std::string_view target;
  } cases[] = {
      {"https://id.example.org", "https://id.example.org", "/"},
      {"https://id.example.org/", "https://id.example.org", "/"},
      {"https://ID.example.org:8443/realms/x", "https://id.example.org:8443", "/realms/x"},
      {"https://id.example.org?a=b", "https://id.example.org", "/?a=b"},
      {"https://id.example.org/auth?a=b/c", "https://id.example.org", "/auth?a=b/c"},
      {"http://127.0.0.1:3000/x", "http://127.0.0.1:3000", "/x"},
      {"http://[::1]:3000/x", "http://[::1]:3000", "/x"},
      {"http://localhost/x", "http://localhost", "/x"},
  };
  for (const auto& [text, origin, target] : cases) {
    SCOPED_TRACE(text);
    const auto url = ParseEndpointUrl(text);
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(url->origin.ToString(), origin);
    EXPECT_EQ(url->target, target);
  }
}

TEST(EndpointUrl, RefusesWhatIsNoSafeAddress) {
  for (const auto& text :
       {std::string(), std::string("id.example.org"), std::string("http://id.example.org/"),
        std::string("http://127.evil.example/"), std::string("https://"), std::string("https:///x"),
        std::string("https://user:pw@id.example.org/"), std::string("https://id.example.org/#x"),
        std::string("https://id.example.org/a b"), std::string("https://id.example.org/\r\nX: y"),
        std::string("https://id.example.org:0/"), std::string("javascript://x"),
        std::string("file:///etc/passwd"), "https://x/" + std::string(5000, 'a')}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(CodeOf(ParseEndpointUrl(text)), ErrorCode::kInvalidArgument);
  }
}

TEST(PercentEncoding, GoesThereAndBack) {
  EXPECT_EQ(PercentEncode("a-Z_0.9~"), "a-Z_0.9~");
  EXPECT_EQ(PercentEncode("a b&c=d/\xc3\xa4%+"), "a%20b%26c%3Dd%2F%C3%A4%25%2B");
  EXPECT_EQ(PercentDecode("a%20b%26c%3Dd%2F%C3%A4%25%2B"), "a b&c=d/\xc3\xa4%+");
  EXPECT_EQ(PercentDecode("a+b%2b"), "a b+");
  for (const auto text : {"%", "%4", "%zz", "100%"}) EXPECT_EQ(PercentDecode(text), text);
}

}  // namespace
}  // namespace gateway::identity
