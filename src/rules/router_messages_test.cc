#include "rules/router_messages.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "base/utf8.h"
#include "rules/fake_facts.h"

namespace gateway::rules {
namespace {

namespace json = boost::json;

TEST(RouterRequest, HasTheMembersThatServicesOfTrinoGatewayExpect) {
  FakeFacts facts;
  facts.request_facts.target = "/v1/statement?a=1&a=x%20y&b&c=%zz+";
  const auto expected = json::parse(R"({
      "contentType": "application/json", "remoteUser": null, "method": "POST",
      "requestURI": "/v1/statement", "queryString": "a=1&a=x%20y&b&c=%zz+", "session": null,
      "remoteAddr": "10.0.0.7", "remoteHost": "10.0.0.7",
      "parameters": {"a": ["1", "x y"], "b": [""], "c": ["%zz "]}})");
  EXPECT_EQ(json::parse(RouterRequestJson(facts, false)), expected);
  EXPECT_EQ(facts.analysed, 0);
}

TEST(RouterRequest, DescribesTheStatementWhenAsked) {
  FakeFacts facts;
  facts.sql = "SELECT \"x\" FROM logs";
  facts.statement_facts = {.parsed = true,
                           .type = "Query",
                           .category = "SELECT",
                           .tables = {"hive.web.logs"},
                           .schemas = {"web"},
                           .catalog_schemas = {"hive.web"},
                           .catalogs = {"hive"}};
  const auto message = json::parse(RouterRequestJson(facts, true)).as_object();
  EXPECT_EQ(message.at("trinoQueryProperties"), json::parse(R"({
      "body": "SELECT \"x\" FROM logs", "queryType": "Query", "resourceGroupQueryType": "SELECT",
      "tables": ["hive.web.logs"], "defaultCatalog": "hive", "defaultSchema": null,
      "catalogs": ["hive"], "schemas": ["web"], "catalogSchemas": ["hive.web"],
      "isNewQuerySubmission": true, "isQueryParsingSuccessful": true, "errorMessage": null})"));
  EXPECT_EQ(message.at("trinoRequestUser"), json::parse(R"({"user": "alice", "userInfo": null})"));
  EXPECT_TRUE(message.at("queryString").is_null());
}

TEST(RouterRequest, IsUtf8WhateverBytesTheClientSent) {
  FakeFacts facts;
  facts.sql = "SELECT '\xfc', '\xed\xa0\x80', '\xc3\xbc'";
  facts.request_facts.user = "m\xfcller";
  facts.request_facts.target = "/v1/statement\xff?a\xff=%ff&b=\xff";
  facts.statement_facts = {.parsed = true, .tables = {"hive.web.\xe9"}, .catalogs = {"\xe9"}};
  facts.fields = {{"X-Trino-Catalog", "h\xefve"}, {"X-Trino-Schema", "\x80"}};
  const auto text = RouterRequestJson(facts, true);
  EXPECT_TRUE(IsUtf8(text));
  json::error_code ec;
  const auto message = json::parse(text, ec);
  ASSERT_FALSE(ec) << ec.message();
  EXPECT_EQ(message.at("trinoRequestUser").at("user"), "m\xef\xbf\xbdller");
  EXPECT_EQ(message.at("parameters").at("a\xef\xbf\xbd").at(0), "\xef\xbf\xbd");
  EXPECT_EQ(message.at("trinoQueryProperties").at("body"),
            "SELECT '\xef\xbf\xbd', '\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd', '\xc3\xbc'");
}

TEST(RouterAnswer, ReadsGroupErrorsAndHeaders) {
  const struct {
    std::string_view body;
    RouterAnswer answer;
  } cases[] = {
      {R"({"routingGroup": "etl"})", {"etl", {}, {}}},
      {R"({"routingGroup": null, "errors": null, "externalHeaders": null})", {}},
      {R"({})", {}},
      {R"({"routingGroup": "a", "errors": ["x", "y"], "more": {"b": 1}})", {"a", {"x", "y"}, {}}},
      {R"({"externalHeaders": {"X-A": "1", "X-B": null}})", {"", {}, {{"X-A", "1"}}}},
  };
  for (const auto& [body, answer] : cases) {
    SCOPED_TRACE(body);
    EXPECT_EQ(ParseRouterAnswer(body), answer);
  }
}

TEST(RouterAnswer, RefusesWhatIsNotOfTheSchema) {
  for (const std::string body :
       {"", "etl", "[]", "null", "{", R"({"routingGroup": 5})", R"({"errors": "no"})",
        R"({"errors": [5]})", R"({"externalHeaders": []})", R"({"externalHeaders": {"a": {}}})",
        R"({"routingGroup": "a"} x)"}) {
    SCOPED_TRACE(body);
    EXPECT_EQ(CodeOf(ParseRouterAnswer(body)), ErrorCode::kProtocol);
  }
  EXPECT_EQ(CodeOf(ParseRouterAnswer(std::string(100'000, '['))), ErrorCode::kProtocol);
}

}  // namespace
}  // namespace gateway::rules
