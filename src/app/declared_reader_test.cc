#include "app/declared_reader.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "app/config_testing.h"

namespace gateway::app {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kDeclared = R"(
backends:
  - {id: c1, url: 'http://10.0.0.1:8080'}
  - {id: c2, url: 'https://c2.example.com', enabled: false}
groups:
  - {id: adhoc, backends: [c1, c2], strategy: least_load}
  - {id: etl, backends: [c1], enabled: false}
policies:
  - {id: by-tag, rule: {type: header_client_tags, value: etl}, group: etl, fallback_group: adhoc}
  - {id: by-port, rule: {type: listening_port, value: 8081}, group: etl, enabled: false}
)";

TEST(DeclaredReader, ReadsBackendsGroupsAndPolicies) {
  using namespace model;
  const auto config = ParseWithListeners(kDeclared);
  ASSERT_TRUE(config) << config.error().message;
  const Configuration expected{
      .backends = {{.id = "c1", .url = {false, "10.0.0.1", 8080}, .source = Source::kFile},
                   {.id = "c2",
                    .url = {true, "c2.example.com", 443},
                    .enabled = false,
                    .source = Source::kFile}},
      .groups = {{.id = "adhoc",
                  .backends = {"c1", "c2"},
                  .strategy = Strategy::kLeastLoad,
                  .source = Source::kFile},
                 {.id = "etl", .backends = {"c1"}, .enabled = false, .source = Source::kFile}},
      .policies = {{.id = "by-tag",
                    .rule_value = "etl",
                    .group = "etl",
                    .fallback_group = "adhoc",
                    .source = Source::kFile},
                   {.id = "by-port",
                    .rule_type = RuleType::kListeningPort,
                    .rule_value = "8081",
                    .group = "etl",
                    .enabled = false,
                    .source = Source::kFile}}};
  EXPECT_EQ(config->declared, expected);
}

TEST(DeclaredReader, AcceptsADefaultGroupThatTheApiMayCreate) {
  const auto config = ParseWithListeners("routing: {default_group: later}\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->default_group, "later");
}

TEST(DeclaredReader, RefusesBadBackendsGroupsAndPolicies) {
  const Mistake mistakes[] = {
      {"backends:\n  - {url: 'http://c1'}\n",
       "gateway.yaml:3:5: backends[0]: the key 'id' is missing"},
      {"backends:\n  - {id: c1}\n", "gateway.yaml:3:5: backends[0]: the key 'url' is missing"},
      {"backends:\n  - {id: c/1, url: 'http://c1'}\n",
       "gateway.yaml:3:10: backends[0].id: 'c/1' is not an id; allowed: 1 to 64"},
      {"backends:\n  - {id: c1, url: 'ftp://c1'}\n",
       "gateway.yaml:3:19: backends[0].url: 'ftp://c1' is not an address: write http://host:port"},
      {"backends:\n  - {id: c1, url: 'http://a'}\n  - {id: c1, url: 'http://b'}\n",
       "gateway.yaml:4:10: backends[1].id: another backend has the id 'c1' (line 3)"},
      {"groups:\n  - {id: g}\n", "gateway.yaml:3:5: groups[0]: the key 'backends' is missing"},
      {"groups:\n  - {id: g, backends: c1}\n",
       "gateway.yaml:3:23: groups[0].backends: a single value is not allowed here; allowed: a "
       "list"},
      {"groups:\n  - {id: g, backends: [], strategy: fastest}\n",
       "gateway.yaml:3:37: groups[0].strategy: unknown strategy 'fastest'; allowed: round_robin, "
       "random, least_load, weighted_round_robin, least_in_flight, hash"},
      {"groups: [{id: g, backends: []}]\npolicies:\n  - {id: p, rule: {type: tag, value: a}, "
       "group: g}\n",
       "gateway.yaml:4:26: policies[0].rule.type: unknown rule type 'tag'; allowed: "
       "listening_port"},
      {"groups: [{id: g, backends: []}]\npolicies:\n  - {id: p, rule: {type: listening_port, "
       "value: http}, group: g}\n",
       "gateway.yaml:4:49: policies[0].rule.value: rule value 'http' is not a port"},
      {"groups: [{id: g, backends: []}]\npolicies:\n  - {id: p, rule: {type: header_host}, group: "
       "g}\n",
       "gateway.yaml:4:19: policies[0].rule: the key 'value' is missing"},
      {"policies:\n  - {id: p, rule: {type: header_host, value: a}}\n",
       "gateway.yaml:3:5: policies[0]: the key 'group' is missing"},
      {"backends:\n  - {id: c1, url: 'http://c', load_limit: -1}\n",
       "gateway.yaml:3:43: backends[0].load_limit: '-1' is not"},
      {"backends:\n  - {id: c1, url: 'http://c', uptime_schedule: '* * *'}\n",
       "gateway.yaml:3:48: backends[0].uptime_schedule: cron: '* * *' must have five fields"},
      {"backends: [{id: c1, url: 'http://c'}]\ngroups:\n  - {id: g, backends: [c1], weights: "
       "{c2: 1}, strategy: weighted_round_robin}\n",
       "gateway.yaml:4:39: unknown key 'c2' in groups[0].weights; did you mean 'c1'?"},
      {"backends: [{id: c1, url: 'http://c'}]\ngroups:\n  - {id: g, backends: [c1], weights: "
       "{c1: 1001}, strategy: weighted_round_robin}\n",
       "gateway.yaml:4:43: groups[0].weights.c1: '1001' is not"},
      {"groups:\n  - {id: g, backends: [], fallback_groups: [g]}\n",
       "gateway.yaml:3:44: groups[0].fallback_groups: a group cannot be its own fallback"},
      {"groups:\n  - {id: g, backends: [], hash_key: table, strategy: hash}\n",
       "gateway.yaml:3:37: groups[0].hash_key: unknown hash key 'table'; allowed: user, source, "
       "session, tables"},
  };
  ExpectRefused(mistakes);
}

TEST(DeclaredReader, RefusesSettingsThatHaveNoEffectWhereTheyStand) {
  const Mistake mistakes[] = {
      {"backends: [{id: c1, url: 'http://c'}]\ngroups:\n  - {id: g, backends: [c1], weights: "
       "{c1: 5}}\n",
       "gateway.yaml:4:38: groups[0].weights: has no effect with the strategy round_robin; it is "
       "for weighted_round_robin"},
      {"groups:\n  - {id: g, backends: [], strategy: least_load, hash_key: user}\n",
       "gateway.yaml:3:59: groups[0].hash_key: has no effect with the strategy least_load; it is "
       "for hash"},
      {"backends:\n  - {id: c1, url: 'http://c', uptime_schedule: '* * 31 6 *'}\n",
       "gateway.yaml:3:48: backends[0].uptime_schedule: '* * 31 6 *' means a day that no year has, "
       "so the backend would never be up"},
  };
  ExpectRefused(mistakes);
}

TEST(DeclaredReader, RefusesDelegationThatNobodyCouldMake) {
  constexpr std::string_view kPolicy =
      "groups: [{id: g, backends: []}]\npolicies:\n  - {id: p, rule: {type: listening_port, value: "
      "PORT}, group: g, auth_delegated: true}\n";
  constexpr std::string_view kProvider = "auth: {delegated: {url: 'http://login/validate'}}\n";
  const auto with = [&](std::string_view port, std::string_view rest) {
    std::string text(kPolicy);
    text.replace(text.find("PORT"), 4, port);
    return std::string(kListeners) + text + std::string(rest);
  };
  EXPECT_TRUE(Parse(with("8080", kProvider)));
  ExpectRefused(with("8080", ""),
                "gateway.yaml:4:5: policies[0]: needs the section auth.delegated, with the url of "
                "the provider");
  ExpectRefused(with("8081", kProvider),
                "gateway.yaml:4:5: policies[0]: auth_delegated is for port 8081, but no listener "
                "has it; ports of listeners: 8080");
  // It may be any.
  auto text = with("8081", kProvider);
  text.replace(text.find("8080"), 4, "0");
  EXPECT_TRUE(Parse(text));
  // What is switched off does no harm.
  text = with("8081", "");
  text.replace(text.find("auth_delegated"), 0, "enabled: false, ");
  EXPECT_TRUE(Parse(text));
}

TEST(DeclaredReader, RefusesReferencesToWhatTheFileDoesNotDeclare) {
  const Mistake mistakes[] = {
      {"groups:\n  - {id: g, backends: [c1]}\n",
       "gateway.yaml:3:24: groups[0].backends[0]: backend 'c1' is not declared in this file; "
       "declared: none"},
      {"groups:\n  - {id: g, backends: [west, west]}\nbackends: [{id: west, url: 'http://w'}]\n",
       "gateway.yaml:3:30: groups[0].backends[1]: 'west' is in this list already; name each "
       "backend once"},
      {"groups:\n  - {id: g, backends: [wset]}\nbackends: [{id: west, url: 'http://w'}]\n",
       "gateway.yaml:3:24: groups[0].backends[0]: backend 'wset' is not declared in this file; "
       "declared: west"},
      {"groups:\n  - {id: g, backends: [cluster-est]}\n"
       "backends: [{id: cluster-west, url: 'http://w'}]\n",
       "gateway.yaml:3:24: groups[0].backends[0]: backend 'cluster-est' is not declared in this "
       "file; did you mean 'cluster-west'? declared: cluster-west"},
      {"policies:\n  - {id: p, rule: {type: header_host, value: a}, group: nowhere}\n",
       "gateway.yaml:3:57: policies[0].group: group 'nowhere' is not declared in this file"},
      {"groups: [{id: g, backends: []}]\npolicies:\n  - {id: p, rule: {type: header_host, value: "
       "a}, group: g, fallback_group: h}\n",
       "gateway.yaml:4:76: policies[0].fallback_group: group 'h' is not declared in this file"},
      {"groups: [{id: g, backends: []}]\nrouting: {default_group: adhoc}\n",
       "gateway.yaml:3:26: routing.default_group: group 'adhoc' is not declared in this file"},
  };
  ExpectRefused(mistakes);
}

// Comparing each of these with each backend would take minutes.
TEST(DeclaredReader, EndsSoonOnManyReferencesToNothing) {
  std::string text(kListeners);
  text += "backends:\n";
  for (int i = 0; i < 90; ++i) {
    text += fmt::format("- {{id: {}{}, url: 'http://c'}}\n", std::string(20, 'a'), i);
  }
  text += "groups: [{id: g, backends: [";
  for (int i = 0; i < 20'000; ++i) text += fmt::format("{}{},", std::string(20, 'b'), i);
  text += "]}]\n";
  const auto config = Parse(text);
  ASSERT_EQ(CodeOf(config), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(config.error().message.ends_with("\ngateway.yaml: and 19980 more"));
}

TEST(DeclaredReader, ReadsWhatBackendsAndGroupsCanDo) {
  const auto config = ParseWithListeners(R"(backends:
  - id: c1
    url: http://c1
    external_url: https://trino.example.com
    draining: true
    load_limit: 50
    uptime_schedule: CRON_TZ=Europe/Berlin * 7-19 * * mon-fri | * 9-12 * * sat
  - {id: c2, url: 'http://c2'}
groups:
  - {id: spare, backends: [], strategy: hash, hash_key: tables}
  - id: g
    backends: [c1, c2]
    strategy: weighted_round_robin
    weights: {c1: 95, c2: 5}
    slow_start: 30s
    fallback_groups: [spare]
    mode: direct
)");
  ASSERT_TRUE(config) << config.error().message;
  const auto& backend = config->declared.backends[0];
  EXPECT_EQ(backend.external_url, "https://trino.example.com");
  EXPECT_TRUE(backend.draining);
  EXPECT_EQ(backend.load_limit, 50);
  EXPECT_EQ(backend.uptime_schedule, "CRON_TZ=Europe/Berlin * 7-19 * * mon-fri | * 9-12 * * sat");
  const auto& group = config->declared.groups[1];
  EXPECT_EQ(group.strategy, model::Strategy::kWeightedRoundRobin);
  EXPECT_EQ(group.weights, (std::map<std::string, int>{{"c1", 95}, {"c2", 5}}));
  EXPECT_EQ(config->declared.groups[0].hash_key, model::HashKey::kTables);
  EXPECT_EQ(group.slow_start, 30s);
  EXPECT_EQ(group.fallback_groups, std::vector<std::string>{"spare"});
  EXPECT_EQ(group.mode, model::Mode::kDirect);
}

}  // namespace
}  // namespace gateway::app
