#include "app/explain_command.h"

#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include "app/config_testing.h"

namespace gateway::app {
namespace {

constexpr std::string_view kFile =
    R"(backends: [{id: c1, url: 'http://c1'}, {id: c2, url: 'http://c2'}]
groups: [{id: adhoc, backends: [c1]}, {id: etl, backends: [c2]}]
routing: {default_group: adhoc}
policies:
  - {id: ada, conditions: [{type: user, value: ada}], group: etl}
  - {id: cli, conditions: [{type: source, value: cli}], group: etl}
  - {id: tags, rule: {type: header_client_tags, value: etl}, group: etl}
  - {id: team, conditions: [{type: header, name: X-Team, value: bi}], group: etl}
  - {id: port, rule: {type: listening_port, value: 9090}, group: etl}
  - {id: host, rule: {type: header_host, value: gw}, group: etl}
  - {id: inside, conditions: [{type: client_address, value: 10.0.0.0/8}], group: etl}
  - {id: catalog, conditions: [{type: catalog, value: hive}], group: etl}
  - {id: schema, conditions: [{type: schema, value: pg.sales}], group: etl}
  - {id: large, conditions: [{type: text_size, value: 100-}], group: etl}
)";

struct ExplainCommandTest : testing::Test {
  ExplainCommandTest() {
    auto parsed = ParseWithListeners(kFile);
    EXPECT_TRUE(parsed) << parsed.error().message;
    if (parsed) config = *std::move(parsed);
  }

  boost::json::value Json(const explain::DescribedQuery& query,
                          const std::vector<std::string>& down = {}) {
    const auto text = ExplainQuery(config, query, down, true);
    EXPECT_TRUE(text) << text.error().message;
    return text ? boost::json::parse(*text) : boost::json::value();
  }

  std::string DecidingPolicy(const explain::DescribedQuery& query) {
    const auto document = Json(query);
    const auto& policies = document.at("decision").at("policies").as_array();
    return policies.empty() ? "" : policies[0].as_string().c_str();
  }

  AppConfig config;
};

TEST_F(ExplainCommandTest, TellsEveryPartOfTheQueryToThePolicies) {
  EXPECT_EQ(DecidingPolicy({}), "");
  EXPECT_EQ(DecidingPolicy({.user = "ada"}), "ada");
  EXPECT_EQ(DecidingPolicy({.source = "cli"}), "cli");
  EXPECT_EQ(DecidingPolicy({.tags = {"a", "etl"}}), "tags");
  EXPECT_EQ(DecidingPolicy({.headers = {{"x-team", "bi"}}}), "team");
  EXPECT_EQ(DecidingPolicy({.headers = {{"X-Presto-User", "ada"}}}), "ada");
  EXPECT_EQ(DecidingPolicy({.port = 9090}), "port");
  EXPECT_EQ(DecidingPolicy({.host = "gw:8080"}), "host");
  EXPECT_EQ(DecidingPolicy({.client_address = "10.1.2.3"}), "inside");
  EXPECT_EQ(DecidingPolicy({.catalog = "hive"}), "catalog");
  EXPECT_EQ(DecidingPolicy({.catalog = "pg", .schema = "sales"}), "schema");
  EXPECT_EQ(DecidingPolicy({.sql = std::string(100, 'x')}), "large");
}

TEST_F(ExplainCommandTest, TakesTheFirstListenerWhenNoPortIsNamed) {
  EXPECT_EQ(DecidingPolicy({}), "");
  config.proxy.listeners.front().port = 9090;
  EXPECT_EQ(DecidingPolicy({}), "port");
  EXPECT_EQ(DecidingPolicy({.port = 8080}), "");
}

TEST_F(ExplainCommandTest, TakesTheUserOfBasicCredentialsWhenNoOtherIsNamed) {
  EXPECT_EQ(DecidingPolicy({.headers = {{"Authorization", "Basic YWRhOng="}}}), "ada");
  EXPECT_EQ(DecidingPolicy({.user = "bob", .headers = {{"Authorization", "Basic YWRhOng="}}}), "");
}

TEST_F(ExplainCommandTest, TakesBackendsForHealthyButThoseNamed) {
  EXPECT_EQ(Json({}).at("decision").at("backend").as_string(), "c1");
  const auto down = Json({}, {"c1"});
  EXPECT_EQ(down.at("decision").at("backend").as_string(), "");
  EXPECT_EQ(down.at("decision").at("unavailable").as_string(), "adhoc: c1 (taken for unhealthy)");
}

TEST_F(ExplainCommandTest, PrintsTextForPeople) {
  const auto text = ExplainQuery(config, {.user = "ada"}, {}, false);
  ASSERT_TRUE(text);
  EXPECT_TRUE(
      text->starts_with("backend c2 of group etl, mode proxy\n"
                        "because: policy ada (1 condition) -> etl; default adhoc\n"))
      << *text;
}

TEST_F(ExplainCommandTest, SplitsHeadersAtTheirFirstColon) {
  explain::DescribedQuery query;
  ASSERT_TRUE(AddHeader("x-team:  a:b ", query));
  ASSERT_EQ(query.headers.size(), 1u);
  EXPECT_EQ(query.headers[0].first, "x-team");
  EXPECT_EQ(query.headers[0].second, "a:b");
}

TEST_F(ExplainCommandTest, RefusesWhatItCannotRead) {
  explain::DescribedQuery query;
  EXPECT_EQ(AddHeader("X-Team", query).error().message,
            "--header 'X-Team' is no header; write 'Name: value'");
  EXPECT_EQ(ExplainQuery(config, {.headers = {{"X Team", "a"}}}, {}, false).error().message,
            "'X Team' is no name of a header");
  EXPECT_EQ(ExplainQuery(config, {}, {"c9"}, false).error().message,
            "--down 'c9': no such backend is declared");
}

}  // namespace
}  // namespace gateway::app
