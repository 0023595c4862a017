#include "proxy/message_rewrite.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gateway::proxy {
namespace {

struct RequestHeadTest : testing::Test {
  std::string Rewrite(const std::string& fields, bool forwarded, bool tag_uris = true) {
    text = "POST /~c9/v1/statement HTTP/1.1\r\nHost: gw.example:8080\r\n" + fields + "\r\n";
    EXPECT_TRUE(http::ParseRequestHead(text, 20, head));
    view = ViewRequest(head);
    backend.backend = {.id = "c1", .url = {false, "trino", 18080}};
    UpstreamRequest request;
    request.request = &view;
    request.backend = &backend;
    request.client = {"192.0.2.7", false, "gw.example:8080"};
    request.forwarded = forwarded;
    request.tag_uris = tag_uris;
    request.direct = direct;
    request.identity_only = true;
    request.changes = changes;
    request.source = source;
    std::string out;
    AppendRequestHead(out, request);
    return out;
  }

  std::string text;
  http::RequestHead head;
  RequestView view;
  model::BackendState backend;
  std::vector<const model::HeaderAction*> changes;
  std::string source;
  bool direct = false;
};

TEST_F(RequestHeadTest, SpeaksToABackendAsItsOwnClientInDirectMode) {
  direct = true;
  EXPECT_EQ(Rewrite("X-Trino-User: alice\r\nX-Forwarded-Host: evil\r\n"
                    "X-Trino-Query-Data-Encoding: json\r\n",
                    false, false),
            "POST /v1/statement HTTP/1.1\r\nHost: trino:18080\r\nX-Trino-User: alice\r\n"
            "X-Trino-Query-Data-Encoding: json\r\nVia: 1.1 trino-gateway\r\n\r\n");
}

TEST_F(RequestHeadTest, ChangesHeadersInTheOrderOfTheActions) {
  const model::HeaderAction actions[] = {{"X-Trino-Client-Tags", "vip"},
                                         {"x-debug", std::nullopt},
                                         {"X-Team", "ml"},
                                         {"x-team", "bi"},
                                         {"X-Gone", "1"},
                                         {"X-Gone", std::nullopt}};
  for (const auto& action : actions) changes.push_back(&action);
  EXPECT_EQ(Rewrite("X-Trino-User: alice\r\nX-Trino-Client-Tags: a\r\nX-Debug: 1\r\n"
                    "x-trino-client-tags: b\r\n",
                    false),
            "POST /v1/statement HTTP/1.1\r\nHost: gw.example:8080\r\nX-Trino-User: alice\r\n"
            "X-Trino-Client-Tags: vip\r\nx-team: bi\r\nVia: 1.1 trino-gateway\r\n\r\n");
}

TEST_F(RequestHeadTest, ChangesHeadersInWhicheverDialectTheClientSpeaks) {
  const model::HeaderAction actions[] = {{"X-Trino-Extra-Credential", std::nullopt},
                                         {"X-Trino-Client-Tags", "vip"},
                                         {"X-Presto-Schema", "early"},
                                         {"X-Trino-Schema", "late"}};
  for (const auto& action : actions) changes.push_back(&action);
  const std::string end = "Via: 1.1 trino-gateway\r\n\r\n";
  for (const std::string dialect : {"X-Presto-", "X-Trino-"}) {
    EXPECT_EQ(Rewrite(dialect + "User: a\r\n" + dialect + "Extra-Credential: k=v\r\n" + dialect +
                          "Client-Tags: a\r\n" + dialect + "Schema: s\r\n",
                      false),
              "POST /v1/statement HTTP/1.1\r\nHost: gw.example:8080\r\n" + dialect + "User: a\r\n" +
                  dialect + "Client-Tags: vip\r\n" + dialect + "Schema: late\r\n" + end);
  }
}

TEST_F(RequestHeadTest, SpellsAHeaderAsThePolicyDoesForWhoSpeaksNoDialect) {
  const model::HeaderAction action{"X-Presto-User", "alice"};
  changes.push_back(&action);
  EXPECT_NE(Rewrite("", false).find("X-Presto-User: alice\r\n"), std::string::npos);
}

TEST_F(RequestHeadTest, SendsTheTagsOfSeveralLinesAsOne) {
  EXPECT_EQ(Rewrite("X-Trino-Client-Tags: a,b\r\nX-Trino-User: alice\r\nX-Trino-Client-Tags: c\r\n",
                    false),
            "POST /v1/statement HTTP/1.1\r\nHost: gw.example:8080\r\nX-Trino-Client-Tags: a,b,c\r\n"
            "X-Trino-User: alice\r\nVia: 1.1 trino-gateway\r\n\r\n");
}

TEST_F(RequestHeadTest, ReplacesTheSourceInTheClientsDialect) {
  source = "gateway";
  const model::HeaderAction action{"X-Trino-Source", "action"};
  changes.push_back(&action);
  EXPECT_EQ(Rewrite("X-Trino-Source: cli\r\n", false),
            "POST /v1/statement HTTP/1.1\r\nHost: gw.example:8080\r\n"
            "X-Trino-Source: gateway\r\nVia: 1.1 trino-gateway\r\n\r\n");
  EXPECT_EQ(Rewrite("X-Presto-User: a\r\nX-Presto-Source: cli\r\n", false),
            "POST /v1/statement HTTP/1.1\r\nHost: gw.example:8080\r\nX-Presto-User: a\r\n"
            "X-Presto-Source: gateway\r\nVia: 1.1 trino-gateway\r\n\r\n");
}

TEST_F(RequestHeadTest, AsksForNoSpooledResultsThatNobodyCouldFind) {
  const model::HeaderAction action{"X-Trino-Query-Data-Encoding", "json"};
  changes.push_back(&action);
  EXPECT_EQ(Rewrite("", false).find("Encoding"), std::string::npos);
  EXPECT_NE(Rewrite("", true).find("X-Trino-Query-Data-Encoding: json"), std::string::npos);
}

TEST_F(RequestHeadTest, NeverShowsAClusterAPassword) {
  const model::HeaderAction action{"X-Trino-Password", "set by a rule"};
  changes.push_back(&action);
  EXPECT_EQ(
      Rewrite("X-Trino-User: alice\r\nX-Trino-Password: p\r\nX-Presto-Password: p\r\n", false),
      "POST /v1/statement HTTP/1.1\r\nHost: gw.example:8080\r\nX-Trino-User: alice\r\n"
      "Via: 1.1 trino-gateway\r\n\r\n");
}

TEST_F(RequestHeadTest, RelaysFieldsWithoutTagAndHopByHopOnes) {
  EXPECT_EQ(Rewrite("X-Trino-User: alice\r\nConnection: X-Private, close\r\nX-Private: 1\r\n"
                    "Keep-Alive: 5\r\nTE: trailers\r\nUpgrade: h2c\r\nAccept-Encoding: gzip\r\n"
                    "Content-Length: 8\r\nExpect: 100-continue\r\n",
                    false),
            "POST /v1/statement HTTP/1.1\r\nHost: gw.example:8080\r\nX-Trino-User: alice\r\n"
            "Content-Length: 8\r\nVia: 1.1 trino-gateway\r\n\r\n");
}

TEST_F(RequestHeadTest, ReplacesWhatAClientClaimsAboutItself) {
  const auto out = Rewrite(
      "Forwarded: for=1.2.3.4\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Host: evil\r\n"
      "X-Forwarded-Prefix: /evil\r\nx-forwarded-port: 1\r\nX-Forwarded-Proto: https\r\n",
      true);
  EXPECT_EQ(out,
            "POST /v1/statement HTTP/1.1\r\nHost: gw.example:8080\r\n"
            "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\n"
            "X-Forwarded-Host: gw.example:8080\r\nX-Forwarded-Port: 8080\r\n"
            "X-Forwarded-Prefix: /~c1\r\nVia: 1.1 trino-gateway\r\n\r\n");
}

TEST_F(RequestHeadTest, SendsNoForwardedFieldsToAClusterThatRefusesThem) {
  const auto out = Rewrite("X-Forwarded-For: 1.2.3.4\r\n", false);
  EXPECT_EQ(out.find("Forwarded"), std::string::npos);
}

TEST_F(RequestHeadTest, AsksForSpooledResultsOnlyWhereSegmentsCanBeTagged) {
  const std::string encoding = "X-Trino-Query-Data-Encoding: json+zstd\r\n";
  EXPECT_NE(Rewrite(encoding, true).find(encoding), std::string::npos);
  EXPECT_EQ(Rewrite(encoding, false).find(encoding), std::string::npos);
}

TEST_F(RequestHeadTest, CutsTheTagOffATransaction) {
  const auto out = Rewrite("X-Trino-Transaction-Id: 1-2-3~c1\r\n", false);
  EXPECT_NE(out.find("X-Trino-Transaction-Id: 1-2-3\r\n"), std::string::npos);
}

TEST_F(RequestHeadTest, NeverLetsAClientTakeTheBodysLengthAway) {
  const auto out = Rewrite("Connection: content-length\r\nContent-Length: 8\r\n", false);
  EXPECT_NE(out.find("Content-Length: 8\r\n"), std::string::npos);
}

TEST_F(RequestHeadTest, KeepsTheChunkedCodingOfTheBody) {
  const auto out = Rewrite("Transfer-Encoding: CHUNKED\r\n", false);
  EXPECT_NE(out.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
}

struct ResponseHeadTest : testing::Test {
  std::string Rewrite(const std::string& fields, ClientResponse response) {
    text = "HTTP/1.1 200 OK\r\n" + fields + "\r\n";
    EXPECT_TRUE(http::ParseResponseHead(text, 20, head));
    response.head = &head;
    response.backend_id = "c1";
    std::string out;
    AppendResponseHead(out, response);
    return out;
  }

  std::string text;
  http::ResponseHead head;
};

TEST_F(ResponseHeadTest, TagsAStartedTransactionInEitherDialect) {
  for (const std::string name : {"X-Trino-", "X-Presto-"}) {
    EXPECT_EQ(Rewrite(name + "Started-Transaction-Id: 1-2\r\nContent-Length: 2\r\n", {}),
              "HTTP/1.1 200 OK\r\n" + name +
                  "Started-Transaction-Id: 1-2~c1\r\nContent-Length: 2\r\n"
                  "Via: 1.1 trino-gateway\r\n\r\n");
  }
}

TEST_F(ResponseHeadTest, AnnouncesTheBackendAndNobodyElseMay) {
  ClientResponse response;
  response.announce_backend = true;
  EXPECT_EQ(Rewrite("X-Trino-Gateway-Backend: other\r\nContent-Length: 2\r\n", response),
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nVia: 1.1 trino-gateway\r\n"
            "X-Trino-Gateway-Backend: c1\r\n\r\n");
}

TEST_F(ResponseHeadTest, ReplacesTheFramingWhenTheBodyChanges) {
  ClientResponse response;
  response.replace_framing = true;
  response.framing_line = "Content-Length: 9\r\n";
  response.close = true;
  EXPECT_EQ(Rewrite("Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n", response),
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nVia: 1.1 trino-gateway\r\n"
            "Connection: close\r\n\r\n");
}

}  // namespace
}  // namespace gateway::proxy
