#include "proxy/request_facts.h"

#include <string>

#include <gtest/gtest.h>

namespace gateway::proxy {
namespace {

TEST(FactsOf, TellsSessionsApartByTheMostTellingHeader) {
  const std::string info = "X-Trino-Client-Info: dashboard\r\n";
  const std::string token = "X-Trino-Trace-Token: t7\r\n";
  const std::string own = "x-session-id: s1\r\n";
  const struct {
    std::string fields;
    std::string_view session_header;
    std::string_view session;
  } cases[] = {
      {"", "", ""},
      {info, "", "dashboard"},
      {info + token, "", "t7"},
      {info + token + own, "", "t7"},
      {own + info + token, "X-Session-Id", "s1"},
      {info + token + own, "X-Session-Id", "s1"},
      {info + "X-Session-Id:\r\n", "X-Session-Id", "dashboard"},
      {info, "X-Session-Id", "dashboard"},
  };
  for (const auto& [fields, session_header, session] : cases) {
    SCOPED_TRACE(fields);
    const auto text = "POST /v1/statement HTTP/1.1\r\nHost: gw\r\n" + fields + "\r\n";
    http::RequestHead head;
    ASSERT_TRUE(http::ParseRequestHead(text, 20, head));
    const HeaderLookup headers(head);
    EXPECT_EQ(FactsOf(ViewRequest(head), headers, session_header).session, session);
  }
}

struct ViewRequestTest : testing::Test {
  RequestView Of(const std::string& fields) {
    text = "POST /v1/statement HTTP/1.1\r\nHost: gw\r\n" + fields + "\r\n";
    EXPECT_TRUE(http::ParseRequestHead(text, 20, head));
    return ViewRequest(head);
  }

  std::string text;
  http::RequestHead head;
};

TEST_F(ViewRequestTest, RefusesHeadersThatContradictEachOther) {
  for (const std::string name :
       {"X-Trino-User", "X-Trino-Source", "X-Trino-Catalog", "X-Trino-Schema",
        "X-Trino-Routing-Group", "X-Trino-Transaction-Id", "X-Trino-Trace-Token",
        "X-Trino-Client-Info", "X-Trino-Connection-Properties", "Authorization"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(WhyAmbiguous(Of(name + ": a\r\n" + name + ": b\r\n")),
              "it has several headers '" + name + "' that differ; send one");
    EXPECT_NE(WhyAmbiguous(Of(name + ":\r\n" + name + ": b\r\n")), "");
    EXPECT_EQ(WhyAmbiguous(Of(name + ": a\r\n" + name + ": a\r\n")), "");
  }
}

TEST_F(ViewRequestTest, TakesTheLinesOfAListTogether) {
  const auto view =
      Of("X-Trino-Client-Tags: a, b\r\nX-Trino-User: ada\r\nx-trino-client-tags: c\r\n"
         "X-Trino-Prepared-Statement: p=1\r\nX-Trino-Prepared-Statement: q=2\r\n");
  EXPECT_EQ(view.client_tags, "a, b,c");
  EXPECT_EQ(view.prepared_statements.size(), 2U);
  EXPECT_EQ(WhyAmbiguous(view), "");
}

TEST_F(ViewRequestTest, RefusesTwoDialectsInOneRequest) {
  const std::string trino = "X-Trino-User: ada\r\n";
  EXPECT_NE(WhyAmbiguous(Of(trino + "X-Presto-User: bob\r\n")), "");
  EXPECT_NE(WhyAmbiguous(Of(trino + "X-Presto-Catalog: hive\r\n")), "");
  EXPECT_NE(WhyAmbiguous(Of("X-Presto-User: bob\r\nx-trino-source: s\r\n")), "");
  // It is for the gateway alone.
  EXPECT_EQ(WhyAmbiguous(Of("X-Presto-User: bob\r\nX-Trino-Routing-Group: etl\r\n")), "");
}

TEST_F(ViewRequestTest, TakesUnknownHeadersForNoDialect) {
  const auto presto = Of("X-Presto-User: bob\r\nX-Trino-Foo: ingress\r\n");
  EXPECT_EQ(WhyAmbiguous(presto), "");
  EXPECT_TRUE(presto.presto);
  const auto trino = Of("X-Trino-User: ada\r\nx-presto-foo: ingress\r\n");
  EXPECT_EQ(WhyAmbiguous(trino), "");
  EXPECT_FALSE(trino.presto);
}

TEST_F(ViewRequestTest, FindsItsCookieInAnyLine) {
  EXPECT_EQ(Of("Cookie: trino-gateway-backend=c2\r\nCookie: a=b\r\n").cookie_backend, "c2");
}

}  // namespace
}  // namespace gateway::proxy
