#include "rpc/http_message.h"

#include <sstream>
#include <vector>

#include <gtest/gtest.h>

namespace gateway::rpc {
namespace {

namespace wire = boost::beast::http;

std::string HeadTextOf(const Response& response) {
  std::ostringstream text;
  text << HeadOf<wire::empty_body>(response, true).base();
  return text.str();
}

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(HeadOf, SendsEachCookieAndTheLastOfOtherHeaders) {
  Response response{303, ""};
  response.headers = {{"Set-Cookie", "session=1"},
                      {"Set-Cookie", "login=; Max-Age=0"},
                      {"Content-Security-Policy", "default-src 'self'"}};
  const auto text = HeadTextOf(response);
  EXPECT_TRUE(Has(text, "Set-Cookie: session=1\r\n")) << text;
  EXPECT_TRUE(Has(text, "Set-Cookie: login=; Max-Age=0\r\n")) << text;
  EXPECT_TRUE(Has(text, "Content-Security-Policy: default-src 'self'\r\n")) << text;
  EXPECT_FALSE(Has(text, "default-src 'none'")) << text;
}

TEST(HeadOf, TellsTheLengthOfWhatIsSentInPlaceOfTheBody) {
  static constexpr std::string_view kFile = "12345";
  EXPECT_TRUE(Has(HeadTextOf({.body = "1"}), "Content-Length: 1\r\n"));
  EXPECT_TRUE(Has(HeadTextOf({.file = kFile}), "Content-Length: 5\r\n"));
  EXPECT_TRUE(Has(HeadTextOf({.shared = std::make_shared<const std::string>("123")}),
                  "Content-Length: 3\r\n"));
  for (const unsigned status : {204U, 304U}) {
    const auto text = HeadTextOf({.status = status});
    EXPECT_FALSE(Has(text, "Content-Length:") || Has(text, "Content-Type:")) << text;
  }
}

Request RequestFrom(std::string_view peer, std::string_view header = "") {
  wire::request<wire::string_body> message(wire::verb::get, "/api/v1/queries", 11);
  if (!header.empty()) message.set(boost::beast::string_view(header.data(), header.size()), "x");
  return ToRequest(std::move(message), peer);
}

TEST(ToRequest, TellsWhatThisMachineSends) {
  for (const auto peer : {"127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"}) {
    SCOPED_TRACE(peer);
    EXPECT_TRUE(RequestFrom(peer).local);
  }
  for (const auto peer : {"10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1", "::", "0.0.0.0"}) {
    SCOPED_TRACE(peer);
    EXPECT_FALSE(RequestFrom(peer).local);
  }
}

TEST(ToRequest, FindsTheClientBehindTrustedBalancers) {
  const std::vector<AddressBlock> trusted = {*AddressBlock::Parse("10.0.0.0/8"),
                                             *AddressBlock::Parse("127.0.0.1")};
  const auto client = [&](std::string_view peer) {
    wire::request<wire::string_body> message(wire::verb::get, "/", 11);
    message.insert("X-Forwarded-For", "127.0.0.1, 192.0.2.66");
    message.insert("X-Forwarded-For", "198.51.100.1, 10.0.0.2");
    return ToRequest(std::move(message), peer, trusted).client;
  };
  EXPECT_EQ(client("10.0.0.1"), "198.51.100.1");
  EXPECT_EQ(client("127.0.0.1"), "198.51.100.1");
  EXPECT_EQ(client("192.0.2.1"), "192.0.2.1") << "nobody believes that one";
}

TEST(ToRequest, DoesNotTakeWhatAProxyForwardsForThisMachines) {
  for (const auto header : {"X-Forwarded-For", "x-forwarded-for", "Forwarded"}) {
    SCOPED_TRACE(header);
    EXPECT_FALSE(RequestFrom("127.0.0.1", header).local);
  }
}

}  // namespace
}  // namespace gateway::rpc
