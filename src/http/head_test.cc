#include "http/head.h"

#include <string>

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway::http {
namespace {

using namespace std::string_literals;

constexpr std::size_t kMaxFields = 8;

std::optional<ErrorCode> RequestError(const std::string& text) {
  RequestHead head;
  return CodeOf(ParseRequestHead(text, kMaxFields, head));
}

TEST(FindHeadEnd, FindsTheEmptyLineWhereverThePiecesWereCut) {
  const std::string text = "GET / HTTP/1.1\r\nHost: a\r\n\r\nbody";
  const auto end = text.find("body");
  for (std::size_t searched = 0; searched < end; ++searched) {
    SCOPED_TRACE(searched);
    EXPECT_EQ(FindHeadEnd(text.substr(0, searched)), std::string_view::npos);
    EXPECT_EQ(FindHeadEnd(text, searched), end);
  }
}

TEST(ParseRequestHead, ReadsLineAndFieldsAsSent) {
  RequestHead head;
  const std::string text =
      "POST /v1/statement?x=1 HTTP/1.1\r\nHost: gw.example:8080\r\nX-Trino-User:\t alice \r\n"
      "X-Trino-Session:\r\n\r\n";
  ASSERT_TRUE(ParseRequestHead(text, kMaxFields, head));
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/v1/statement?x=1");
  EXPECT_EQ(head.minor_version, 1);
  EXPECT_EQ(head.host, "gw.example:8080");
  ASSERT_EQ(head.fields.size(), 3u);
  EXPECT_EQ(head.fields[1].name, "X-Trino-User");
  EXPECT_EQ(head.fields[1].value, "alice");
  EXPECT_EQ(head.fields[2].value, "");
}

TEST(ParseRequestHead, TakesTheHostOfAnAbsoluteTarget) {
  RequestHead head;
  const std::string text = "GET http://real.example/ui/?a HTTP/1.1\r\nHost: other\r\n\r\n";
  ASSERT_TRUE(ParseRequestHead(text, kMaxFields, head));
  EXPECT_EQ(head.target, "/ui/?a");
  EXPECT_EQ(head.host, "real.example");
}

TEST(ParseRequestHead, RefusesWhatTwoRecipientsCouldReadDifferently) {
  for (const auto& text : {
           "GET / HTTP/1.1\r\n\r\n"s,                           // no Host
           "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"s,     // two
           "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"s,              // not a host
           "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"s,              //
           "GET / HTTP/1.1\r\nHost : a\r\n\r\n"s,               // blank before the colon
           "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n"s,     // folding
           "GET / HTTP/1.1\r\nHost: a\r\nnocolon\r\n\r\n"s,     //
           "GET / HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n"s,     //
           "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"s,     // bare CR
           "GET / HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\n\r\n"s,  // bare LF
           "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"s,     // NUL
           "GE(T / HTTP/1.1\r\nHost: a\r\n\r\n"s,               // method is no token
           "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"s,               // two blanks
           "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"s,             // blank in the target
           "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"s,            //
           "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n"s,        // not ASCII
           "GET /\r\nHost: a\r\n\r\n"s,                         // HTTP/0.9
           "GET / http/1.1\r\nHost: a\r\n\r\n"s,                //
           "GET * HTTP/1.1\r\nHost: a\r\n\r\n"s,                // asterisk form
           "GET http://a:b@h/ HTTP/1.0\r\n\r\n"s,               // no host name, without Host
           "GET http://h\"x/ HTTP/1.1\r\nHost: a\r\n\r\n"s,     //
           "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"s,         // authority form
           "\r\n\r\n"s,
       }) {
    SCOPED_TRACE(text);
    EXPECT_EQ(RequestError(text), ErrorCode::kProtocol);
  }
}

TEST(ParseRequestHead, TellsUnknownVersionsFromGarbage) {
  EXPECT_EQ(RequestError("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), ErrorCode::kUnsupported);
  EXPECT_EQ(RequestError("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), ErrorCode::kUnsupported);
  EXPECT_EQ(RequestError("GET / FTP/1.1\r\nHost: a\r\n\r\n"), ErrorCode::kProtocol);
}

TEST(ParseRequestHead, BoundsTheNumberOfFields) {
  std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (std::size_t i = 1; i < kMaxFields; ++i) text += "X: y\r\n";
  EXPECT_EQ(RequestError(text + "\r\n"), std::nullopt);
  EXPECT_EQ(RequestError(text + "X: y\r\n\r\n"), ErrorCode::kTooLarge);
}

TEST(ParseRequestHead, LetsHttp10GoWithoutAHost) {
  EXPECT_EQ(RequestError("GET / HTTP/1.0\r\n\r\n"), std::nullopt);
}

TEST(RequestFraming, TakesOneLengthOrChunked) {
  struct Case {
    std::string fields;
    BodyFraming framing;
  };
  for (const auto& [fields, framing] : {
           Case{"", {}},
           Case{"Content-Length: 0\r\n", {}},
           Case{"content-length: 17\r\n", {BodyKind::kLength, 17}},
           Case{"Transfer-Encoding: Chunked\r\n", {BodyKind::kChunked, 0}},
       }) {
    SCOPED_TRACE(fields);
    RequestHead head;
    const auto text = "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
    ASSERT_TRUE(ParseRequestHead(text, kMaxFields, head));
    EXPECT_EQ(RequestFraming(head), framing);
  }
}

TEST(RequestFraming, RefusesLengthsThatSmuggle) {
  struct Case {
    std::string fields;
    ErrorCode code;
    std::string version = "1.1";
  };
  for (const auto& [fields, code, version] : {
           Case{"Content-Length: 1\r\nContent-Length: 2\r\n", ErrorCode::kProtocol},
           Case{"Content-Length: 1\r\nContent-Length: 1\r\n", ErrorCode::kProtocol},
           Case{"Content-Length: 1, 1\r\n", ErrorCode::kProtocol},
           Case{"Content-Length: +1\r\n", ErrorCode::kProtocol},
           Case{"Content-Length: -1\r\n", ErrorCode::kProtocol},
           Case{"Content-Length: 0x1\r\n", ErrorCode::kProtocol},
           Case{"Content-Length:\r\n", ErrorCode::kProtocol},
           Case{"Content-Length: 18446744073709551616\r\n", ErrorCode::kProtocol},
           Case{"Content-Length: 9223372036854775808\r\n", ErrorCode::kProtocol},
           Case{"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", ErrorCode::kProtocol},
           Case{"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                ErrorCode::kUnsupported},
           Case{"Transfer-Encoding: gzip, chunked\r\n", ErrorCode::kUnsupported},
           Case{"Transfer-Encoding: identity\r\n", ErrorCode::kUnsupported},
           Case{"Transfer-Encoding: chunked\r\n", ErrorCode::kProtocol, "1.0"},
       }) {
    SCOPED_TRACE(fields);
    RequestHead head;
    const auto text = "POST / HTTP/" + version + "\r\nHost: a\r\n" + fields + "\r\n";
    ASSERT_TRUE(ParseRequestHead(text, kMaxFields, head));
    EXPECT_EQ(CodeOf(RequestFraming(head)), code);
  }
}

TEST(ParseResponseHead, ReadsStatusWithAndWithoutReason) {
  ResponseHead head;
  ASSERT_TRUE(ParseResponseHead("HTTP/1.1 410 Gone\r\nA: b\r\n\r\n", kMaxFields, head));
  EXPECT_EQ(head.status, 410);
  EXPECT_EQ(head.reason, "Gone");
  ASSERT_TRUE(ParseResponseHead("HTTP/1.1 200\r\n\r\n", kMaxFields, head));
  EXPECT_EQ(head.reason, "");
  for (const auto text : {"HTTP/1.1 20\r\n\r\n", "HTTP/1.1 2000\r\n\r\n", "HTTP/2 200\r\n\r\n",
                          "200 OK\r\n\r\n", "HTTP/1.1 099 x\r\n\r\n", "\r\n\r\n"}) {
    SCOPED_TRACE(text);
    EXPECT_NE(CodeOf(ParseResponseHead(text, kMaxFields, head)), std::nullopt);
  }
}

TEST(ResponseFraming, FollowsMethodAndStatus) {
  ResponseHead head;
  ASSERT_TRUE(ParseResponseHead("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", kMaxFields, head));
  EXPECT_EQ(ResponseFraming(head, "GET"), (BodyFraming{BodyKind::kLength, 5}));
  EXPECT_EQ(ResponseFraming(head, "HEAD"), BodyFraming{});
  head.status = 304;
  EXPECT_EQ(ResponseFraming(head, "GET"), BodyFraming{});
  ASSERT_TRUE(ParseResponseHead("HTTP/1.1 200 OK\r\n\r\n", kMaxFields, head));
  EXPECT_EQ(ResponseFraming(head, "GET"), (BodyFraming{BodyKind::kUntilClose, 0}));
}

TEST(HasToken, LooksIntoListsOfAllLines) {
  const std::vector<HeaderField> fields{{"Connection", "keep-alive, X-A"}, {"connection", "close"}};
  EXPECT_TRUE(HasToken(fields, "Connection", "x-a"));
  EXPECT_TRUE(HasToken(fields, "Connection", "Close"));
  EXPECT_FALSE(HasToken(fields, "Connection", "keep"));
  EXPECT_FALSE(KeepsAlive(1, fields));
}

}  // namespace
}  // namespace gateway::http
