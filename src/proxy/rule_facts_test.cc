#include "proxy/rule_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "model/registry.h"

namespace gateway::proxy {
namespace {

using testing::ElementsAre;

struct RuleFactsTest : testing::Test {
  RuleFactsTest() {
    text =
        "POST /~c1/v1/statement?a=1 HTTP/1.1\r\nHost: gw:8080\r\nX-Trino-User: alice\r\n"
        "X-Trino-Source: cli\r\nX-Trino-Client-Tags: a,b\r\n\r\n";
    EXPECT_TRUE(http::ParseRequestHead(text, 20, head));
    view = ViewRequest(head);
    facts.port = 8080;
    facts.client_address = "10.0.0.7";
  }

  std::string text;
  http::RequestHead head;
  RequestView view;
  routing::RequestFacts facts;
};

TEST_F(RuleFactsTest, ShowWhatTheRequestSays) {
  const RuleFacts shown(view, facts, "SELECT 1");
  EXPECT_EQ(shown.request().user, "alice");
  EXPECT_EQ(shown.request().source, "cli");
  EXPECT_EQ(shown.request().client_tags, "a,b");
  EXPECT_EQ(shown.request().client_address, "10.0.0.7");
  EXPECT_EQ(shown.request().host, "gw:8080");
  EXPECT_EQ(shown.request().port, 8080);
  EXPECT_EQ(shown.request().method, "POST");
  EXPECT_EQ(shown.request().target, "/v1/statement?a=1");
  EXPECT_EQ(shown.Header("x-trino-SOURCE"), "cli");
  EXPECT_EQ(shown.Header("X-Nothing"), std::nullopt);
  EXPECT_EQ(shown.text(), "SELECT 1");
}

TEST_F(RuleFactsTest, TellTheSizeOfATextThatWasNotKept) {
  facts.text_bytes = 300'000;
  EXPECT_EQ(RuleFacts(view, facts, "").request().text_bytes, 300'000U);
}

TEST_F(RuleFactsTest, AskForTheStatementOnce) {
  int asked = 0;
  const std::string tables[] = {"hive.web.logs"};
  const std::string schemas[] = {"hive.web"};
  const std::string catalogs[] = {"hive"};
  const routing::QueryFacts query{"Query", "SELECT", true, catalogs, schemas, tables};
  const auto answer = [&]() -> const routing::QueryFacts* {
    ++asked;
    return &query;
  };
  facts.query = answer;
  RuleFacts shown(view, facts, "");
  EXPECT_EQ(asked, 0);
  EXPECT_TRUE(shown.statement().parsed);
  EXPECT_EQ(shown.statement().type, "Query");
  EXPECT_EQ(shown.statement().read_only, true);
  EXPECT_THAT(shown.statement().tables, ElementsAre("hive.web.logs"));
  EXPECT_THAT(shown.statement().catalog_schemas, ElementsAre("hive.web"));
  EXPECT_THAT(shown.statement().schemas, ElementsAre("web"));
  EXPECT_EQ(asked, 1);
}

TEST_F(RuleFactsTest, AreEmptyForAStatementThatWasNotUnderstood) {
  RuleFacts unasked(view, facts, "");
  EXPECT_FALSE(unasked.statement().parsed);
  EXPECT_FALSE(unasked.statement().error.empty());
  const auto nothing = []() -> const routing::QueryFacts* { return nullptr; };
  facts.query = nothing;
  RuleFacts shown(view, facts, "");
  EXPECT_TRUE(shown.statement().type.empty());
  EXPECT_EQ(shown.statement().read_only, std::nullopt);
}

TEST(RuleGroups, CountWhatCouldTakeAQueryNow) {
  FakeClock clock;
  model::Registry registry(clock, "adhoc");
  model::Configuration configuration;
  for (const auto* id : {"c1", "c2", "c3"}) {
    configuration.backends.push_back({.id = id, .url = {false, "127.0.0.1", 18080}});
  }
  configuration.groups.push_back({.id = "adhoc", .backends = {"c1", "c2", "c3"}});
  configuration.groups.push_back({.id = "off", .backends = {"c1"}, .enabled = false});
  registry.ReplaceFile(configuration, "adhoc");
  for (const auto* id : {"c1", "c2"}) {
    model::BackendStatus status;
    status.health = model::Health::kHealthy;
    status.load = 3;
    registry.ReportStatus(id, status);
  }
  const auto snapshot = registry.Current();
  const RuleGroups groups(*snapshot);
  const auto adhoc = groups.Find("adhoc");
  ASSERT_TRUE(adhoc);
  EXPECT_EQ(adhoc->members, 3);
  EXPECT_EQ(adhoc->healthy, 2);
  EXPECT_EQ(adhoc->load, 6);
  EXPECT_FALSE(groups.Find("off"));
  EXPECT_FALSE(groups.Find("gone"));
  EXPECT_EQ(groups.default_group(), "adhoc");
  std::string seen;
  groups.ForEach([&](std::string_view id, const rules::GroupFacts&) { seen += id; });
  EXPECT_EQ(seen, "adhoc");
}

}  // namespace
}  // namespace gateway::proxy
