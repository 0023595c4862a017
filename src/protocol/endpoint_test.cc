#include "protocol/endpoint.h"

#include <string>

#include <gtest/gtest.h>

namespace gateway::protocol {
namespace {

const std::string kId = "20261123_212752_00000_eif54";

TEST(Classify, KnowsEveryEndpointOfTheClientProtocol) {
  struct Case {
    std::string method;
    std::string target;
    EndpointKind kind;
    std::string query_id = "";
  };
  const Case cases[] = {
      {"POST", "/v1/statement", EndpointKind::kSubmit},
      {"POST", "/v1/statement?a=b", EndpointKind::kSubmit},
      {"HEAD", "/v1/statement", EndpointKind::kPing},
      {"GET", "/v1/statement", EndpointKind::kBadMethod},
      {"GET", "/v1/statement/queued/" + kId + "/y1/1", EndpointKind::kPoll, kId},
      {"GET", "/v1/statement/queued/" + kId + "/1?slug=x1", EndpointKind::kPoll, kId},
      {"DELETE", "/v1/statement/executing/" + kId + "/y1/0", EndpointKind::kPoll, kId},
      {"DELETE", "/v1/statement/executing/partialCancel/" + kId + "/1/y1/0", EndpointKind::kPoll,
       kId},
      {"POST", "/v1/statement/queued/" + kId + "/y1/1", EndpointKind::kBadMethod, kId},
      {"GET", "/v1/statement/other/" + kId, EndpointKind::kUnknown},
      {"GET", "/v1/statements", EndpointKind::kUnknown},
      {"GET", "/v1/query/" + kId, EndpointKind::kQuery, kId},
      {"DELETE", "/v1/query/" + kId, EndpointKind::kQuery, kId},
      {"GET", "/v1/query", EndpointKind::kUnknown},
      {"GET", "/v1/info", EndpointKind::kPing},
      {"GET", "/v1/info/state", EndpointKind::kPing},
      {"PUT", "/v1/info/state", EndpointKind::kBadMethod},
      {"GET", "/v1/status", EndpointKind::kPing},
      {"GET", "/", EndpointKind::kUi},
      {"GET", "/ui", EndpointKind::kUi},
      {"POST", "/ui/login", EndpointKind::kUi},
      {"GET", "/ui/query.html?" + kId, EndpointKind::kUi, kId},
      {"GET", "/ui/api/query/" + kId, EndpointKind::kUi, kId},
      {"CONNECT", "/ui/x", EndpointKind::kBadMethod},
      {"TRACE", "/oauth2/x", EndpointKind::kBadMethod},
      {"GET", "/uix", EndpointKind::kUnknown},
      {"GET", "/v1/spooled/download/abc=", EndpointKind::kSpooled},
      {"GET", "/oauth2/callback?code=1", EndpointKind::kOauth2},
      {"GET", "/v1/task/1", EndpointKind::kUnknown},
      {"GET", "/metrics", EndpointKind::kUnknown},
  };
  for (const auto& [method, target, kind, query_id] : cases) {
    SCOPED_TRACE(method + " " + target);
    const auto endpoint = Classify(method, target);
    EXPECT_EQ(endpoint.kind, kind);
    EXPECT_EQ(endpoint.query_id, query_id);
    EXPECT_EQ(endpoint.allow.empty(), kind != EndpointKind::kBadMethod);
  }
}

TEST(Classify, CutsTheTagOff) {
  const auto target = "/~c-1/v1/query/" + kId + "?pretty";
  const auto endpoint = Classify("GET", target);
  EXPECT_EQ(endpoint.kind, EndpointKind::kQuery);
  EXPECT_EQ(endpoint.tag, "c-1");
  EXPECT_EQ(endpoint.target, "/v1/query/" + kId + "?pretty");
}

TEST(Classify, RefusesTagsThatAreNoIds) {
  for (const auto target : {"/~", "/~/v1/info", "/~c1", "/~c 1/v1/info", "/~../v1/info"}) {
    SCOPED_TRACE(target);
    EXPECT_EQ(Classify("GET", target).kind, EndpointKind::kUnknown);
  }
}

TEST(Classify, RefusesPathsThatABackendMightReadDifferently) {
  for (const auto target :
       {"/ui/../v1/task", "/ui/./x", "/ui/%2e%2e/x", "/ui/%2E./x", "/ui/..", "/ui/a%2fb",
        "/ui/a%5Cb", "/ui/a\\b", "/ui/a%00", "/ui/..;/v1/task", "/ui/a;b", "ui/", ""}) {
    SCOPED_TRACE(target);
    EXPECT_EQ(Classify("GET", target).kind, EndpointKind::kUnknown);
  }
}

TEST(Classify, RefusesControlCharactersAndBlanks) {
  using std::string_literals::operator""s;
  for (const auto& target : {"/ui/a\nb"s, "/ui/a\0b"s, "/ui/a\x7f"s, "/ui/a b"s, "/ui/?a\tb"s}) {
    SCOPED_TRACE(target);
    EXPECT_EQ(Classify("GET", target).kind, EndpointKind::kUnknown);
  }
}

TEST(Classify, LetsHarmlessDotsAndEscapesPass) {
  for (const auto target : {"/ui/assets/app.1.2.js", "/ui/a%20b", "/ui/...", "/ui/x?../.."}) {
    SCOPED_TRACE(target);
    EXPECT_EQ(Classify("GET", target).kind, EndpointKind::kUi);
  }
}

}  // namespace
}  // namespace gateway::protocol
