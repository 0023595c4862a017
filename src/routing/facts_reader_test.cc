#include "routing/facts_reader.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "routing/routing_fixture.h"

namespace gateway::routing {
namespace {

using enum model::ConditionType;
using enum Finding;
using Strings = std::vector<std::string>;

struct FactsReaderTest : testing::Test {
  Finding Ask(const model::Condition& condition) {
    const auto compiled = model::CompiledCondition::Compile(condition);
    if (!compiled) {
      ADD_FAILURE() << compiled.error().message;
      return kUnknown;
    }
    FactsReader reader(facts);
    return reader.Ask(*compiled);
  }

  Finding Ask(model::ConditionType type, Strings values, const std::string& name = "") {
    return Ask({.type = type, .name = name, .values = std::move(values)});
  }

  // What the statement says, from now on.
  void Understand() { facts.query = give_query; }

  QueryFacts query;
  const std::function<const QueryFacts*()> give_query = [this] { return &query; };
  FakeHeaders headers;
  RequestFacts facts;
};

TEST_F(FactsReaderTest, ComparesTextsExactly) {
  facts.user = "ada";
  facts.source = "cli";
  facts.routing_group = "big";
  struct Case {
    model::ConditionType type;
    std::string value;
  };
  for (const auto& [type, value] : {Case{kUser, "ada"}, {kSource, "cli"}, {kRoutingGroup, "big"}}) {
    SCOPED_TRACE(NameOf(type));
    EXPECT_EQ(Ask(type, {"x", value}), kHolds);
    EXPECT_EQ(Ask(type, {value + "x"}), kFails);
    EXPECT_EQ(Ask({.type = type, .values = {value}, .negated = true}), kFails);
    EXPECT_EQ(Ask({.type = type, .values = {"x"}, .negated = true}), kHolds);
  }
  facts.user = "";
  EXPECT_EQ(Ask(kUser, {"ada"}), kFails);
  EXPECT_EQ(Ask({.type = kUser, .values = {"ada"}, .negated = true}), kHolds);
}

TEST_F(FactsReaderTest, MatchesNoExpressionWithAUserThatIsNoName) {
  facts.user = "ada";
  EXPECT_EQ(Ask(kUserRegex, {"a.*"}), kHolds);
  const std::string endless(1025, 'a');
  facts.user = endless;
  EXPECT_EQ(Ask(kUserRegex, {"a.*"}), kUnknown);
  EXPECT_EQ(Ask({.type = kUserRegex, .values = {"b.*"}, .negated = true}), kUnknown);
}

TEST_F(FactsReaderTest, MatchesTheWholeUserByExpression) {
  facts.user = "svc-etl";
  EXPECT_EQ(Ask(kUserRegex, {"svc-.*"}), kHolds);
  EXPECT_EQ(Ask(kUserRegex, {"svc"}), kFails);
}

TEST_F(FactsReaderTest, ComparesTheClientAddress) {
  facts.client_address = "10.1.2.3";
  EXPECT_EQ(Ask(kClientAddress, {"192.0.2.0/24", "10.0.0.0/8"}), kHolds);
  EXPECT_EQ(Ask(kClientAddress, {"192.0.2.0/24"}), kFails);
  facts.client_address = "::ffff:10.1.2.3";
  EXPECT_EQ(Ask(kClientAddress, {"10.0.0.0/8"}), kHolds);
  facts.client_address = "";
  EXPECT_EQ(Ask(kClientAddress, {"10.0.0.0/8"}), kUnknown);
  EXPECT_EQ(Ask({.type = kClientAddress, .values = {"10.0.0.0/8"}, .negated = true}), kUnknown);
}

TEST_F(FactsReaderTest, LooksAtEveryLineOfAHeader) {
  EXPECT_EQ(Ask(kHeader, {}, "X-Team"), kFails);
  headers = FakeHeaders({{"X-Team", "bi"}, {"x-team", "ml"}});
  facts.any_header = headers;
  EXPECT_EQ(Ask(kHeader, {}, "X-TEAM"), kHolds);
  EXPECT_EQ(Ask(kHeader, {"ml"}, "X-Team"), kHolds);
  EXPECT_EQ(Ask(kHeader, {"ML"}, "X-Team"), kFails);
  EXPECT_EQ(Ask(kHeader, {}, "X-Other"), kFails);
  EXPECT_EQ(Ask({.type = kHeader, .name = "X-Other", .negated = true}), kHolds);
}

TEST_F(FactsReaderTest, ReadsSessionPropertiesInBothDialects) {
  headers = FakeHeaders({{"X-Trino-Session", "a=1, join_type = BROADCAST,empty=,bad"},
                         {"x-presto-session", "path=a%2Cb%3d+c,odd=50%,x=%zz"}});
  facts.any_header = headers;
  struct Case {
    std::string name;
    Strings values;
    Finding finding;
  };
  const Case cases[] = {
      {"a", {"1"}, kHolds},
      {"a", {"2"}, kFails},
      {"a", {}, kHolds},
      {"A", {}, kFails},
      {"empty", {""}, kHolds},
      {"bad", {}, kFails},
      {"path", {"a,b= c"}, kHolds},
      {"path", {"a%2Cb"}, kFails},
      {"odd", {"50%"}, kHolds},
      {"x", {"%zz"}, kHolds},
      {"join_type", {"BROADCAST"}, kHolds},
      {"join_type", {"BROADCASTS"}, kFails},
  };
  for (const auto& [name, values, finding] : cases) {
    SCOPED_TRACE(name + "=" + (values.empty() ? "" : values.front()));
    EXPECT_EQ(Ask(kSessionProperty, values, name), finding);
  }
}

TEST_F(FactsReaderTest, ComparesSizesAndTimes) {
  EXPECT_EQ(Ask(kTextSize, {"0-100"}), kUnknown);
  facts.text_bytes = 100;
  EXPECT_EQ(Ask(kTextSize, {"0-100"}), kHolds);
  EXPECT_EQ(Ask(kTextSize, {"101-"}), kFails);
  facts.now = Clock::WallTime(std::chrono::hours(9));
  EXPECT_EQ(Ask(kTimeWindow, {"* 9 * * *"}), kHolds);
  EXPECT_EQ(Ask(kTimeWindow, {"* 10 * * *", "CRON_TZ=Asia/Tokyo * 9 * * *"}), kFails);
}

TEST_F(FactsReaderTest, AsksWhatTheStatementUses) {
  const Strings catalogs = {"hive", "pg"};
  const Strings schemas = {"hive.sales", "pg.public"};
  const Strings tables = {"hive.sales.orders", "pg.public.customers"};
  query = {"Query", "SELECT", true, catalogs, schemas, tables};
  facts.catalog = "other";
  facts.schema = "other";
  Understand();
  struct Case {
    model::ConditionType type;
    std::string value;
    Finding finding;
  };
  const Case cases[] = {
      {kCatalog, "PG", kHolds},
      {kCatalog, "other", kFails},
      {kSchema, "hive.sales", kHolds},
      {kSchema, "other.other", kFails},
      {kTable, "hive.sales.Orders", kHolds},
      {kTable, "hive.sales.items", kFails},
      {kQueryType, "Query", kHolds},
      {kQueryType, "Insert", kFails},
      {kQueryCategory, "SELECT", kHolds},
      {kQueryCategory, "INSERT", kFails},
      {kReadOnly, "true", kHolds},
      {kReadOnly, "false", kFails},
  };
  for (const auto& [type, value, finding] : cases) {
    SCOPED_TRACE(std::string(NameOf(type)) + " " + value);
    EXPECT_EQ(Ask(type, {value}), finding);
  }
}

TEST_F(FactsReaderTest, TakesTheDefaultsWhenTheStatementNamesNone) {
  query.type = "Query";
  for (const bool understood : {false, true}) {
    SCOPED_TRACE(understood);
    if (understood) Understand();
    facts.catalog = "Hive";
    facts.schema = "Sales";
    EXPECT_EQ(Ask(kCatalog, {"hive"}), kHolds);
    EXPECT_EQ(Ask(kCatalog, {"pg"}), kFails);
    EXPECT_EQ(Ask(kSchema, {"hive.sales"}), kHolds);
    EXPECT_EQ(Ask(kSchema, {"hive.sale"}), kFails);
    EXPECT_EQ(Ask(kSchema, {"hives.ales"}), kFails);
    facts.catalog = facts.schema = "";
    EXPECT_EQ(Ask(kCatalog, {"hive"}), understood ? kFails : kUnknown);
    EXPECT_EQ(Ask(kSchema, {"hive.sales"}), understood ? kFails : kUnknown);
  }
}

TEST_F(FactsReaderTest, FulfilsNoConditionWithWhatIsNotUnderstood) {
  const model::Condition conditions[] = {
      {.type = kTable, .values = {"a.b.c"}},
      {.type = kQueryType, .values = {"Query"}},
      {.type = kQueryCategory, .values = {"SELECT"}},
      {.type = kReadOnly, .values = {"true"}},
  };
  for (const bool answered : {false, true}) {
    if (answered) Understand();  // but its type stays empty
    for (auto condition : conditions) {
      SCOPED_TRACE(NameOf(condition.type));
      EXPECT_EQ(Ask(condition), kUnknown);
      condition.negated = true;
      EXPECT_EQ(Ask(condition), kUnknown);
    }
  }
  query.type = "Execute";  // its class is known, no more
  EXPECT_EQ(Ask(kQueryCategory, {"SELECT"}), kUnknown);
  EXPECT_EQ(Ask(kReadOnly, {"true"}), kUnknown);
}

TEST_F(FactsReaderTest, HashesWhatTheKeyNamesOrElseTheUser) {
  using model::HashKey;
  facts.user = "ada";
  const auto hash = [this](HashKey key) {
    FactsReader reader(facts);
    return reader.HashOf(key);
  };
  const auto user = hash(HashKey::kUser);
  for (const auto key : {HashKey::kSource, HashKey::kSession, HashKey::kTables}) {
    EXPECT_EQ(hash(key), user);
  }
  facts.source = "cli";
  facts.session = "s1";
  EXPECT_NE(hash(HashKey::kSource), user);
  EXPECT_NE(hash(HashKey::kSession), user);
  const Strings tables = {"a.b.c", "a.b.d"};
  const Strings turned = {"a.b.d", "a.b.c"};
  query.tables = tables;
  Understand();
  const auto both = hash(HashKey::kTables);
  EXPECT_NE(both, user);
  query.tables = turned;
  EXPECT_EQ(hash(HashKey::kTables), both);
  query.tables = std::span(tables).first(1);
  EXPECT_NE(hash(HashKey::kTables), both);
}

TEST(WithoutPort, LeavesIpv6AddressesWhole) {
  EXPECT_EQ(WithoutPort("gw"), "gw");
  EXPECT_EQ(WithoutPort("gw:8080"), "gw");
  EXPECT_EQ(WithoutPort("[::1]:8080"), "[::1]");
  EXPECT_EQ(WithoutPort("[::1]"), "[::1]");
}

}  // namespace
}  // namespace gateway::routing
