// routing.rules, routing.external and auth.delegated, through the whole configuration.
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/config_loader.h"
#include "base/result_testing.h"

namespace gateway::app {
namespace {

using namespace std::chrono_literals;
using rules::CacheKeyPart;
using testing::ElementsAre;
using testing::HasSubstr;

SubstitutionSources FakeScripts() {
  SubstitutionSources sources;
  sources.variable = [](std::string_view) { return std::optional<std::string>("hunter2"); };
  sources.file = [](std::string_view path) -> Expected<std::string> {
    if (path == "good.lua") return "return 'etl'";
    if (path == "broken.lua") return "x = 1\nreturn +";
    if (path == "endless.lua") return "while true do end";
    return Fail(ErrorCode::kNotFound, "No such file");
  };
  return sources;
}

constexpr std::string_view kListener = "listeners: [{address: '127.0.0.1:8080'}]\n";

Expected<AppConfig> Parse(std::string_view text) {
  return ParseConfig(std::string(kListener) + std::string(text), "gateway.yaml", FakeScripts());
}

std::string ErrorOf(std::string_view text) {
  const auto config = Parse(text);
  return config ? "no error" : config.error().message;
}

TEST(RulesReader, ReadsRulesWithTheirScripts) {
  const auto config = Parse(R"(
routing:
  rules:
    - {id: first, file: good.lua}
    - {id: second, file: good.lua, priority: -5, instructions: 5000, memory: 128KiB, text: true})");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->declared.rules.size(), 2U);
  EXPECT_EQ(config->declared.rules[0].id, "first");
  EXPECT_EQ(config->declared.rules[0].file, "good.lua");
  EXPECT_EQ(config->declared.rules[0].script, "return 'etl'");
  EXPECT_EQ(config->declared.rules[0].priority, 0);
  EXPECT_EQ(config->declared.rules[0].instructions, 100'000);
  EXPECT_EQ(config->declared.rules[0].memory_bytes, 1024U * 1024);
  EXPECT_FALSE(config->declared.rules[0].text);
  EXPECT_EQ(config->declared.rules[1].priority, -5);
  EXPECT_EQ(config->declared.rules[1].instructions, 5000);
  EXPECT_EQ(config->declared.rules[1].memory_bytes, 128U * 1024);
  EXPECT_TRUE(config->declared.rules[1].text);
}

TEST(RulesReader, PointsToTheMistakeInFileAndScript) {
  const struct {
    std::string_view rule;
    std::string_view message;
  } cases[] = {
      {"{id: a, file: broken.lua}", "gateway.yaml:4:21: routing.rules[0].file: broken.lua:2: "},
      {"{id: a, file: endless.lua}", "endless.lua:1: the rule used up its instructions"},
      {"{id: a, file: gone.lua}", "the script 'gone.lua' cannot be read: No such file"},
      {"{id: a}", "file"},
      {"{file: good.lua}", "id"},
      {"{id: a b, file: good.lua}", "a b"},
      {"{id: a, file: good.lua, priority: high}", "'high' is no priority"},
      {"{id: a, file: good.lua, memory: 1KiB}", "1KiB"},
      {"{id: a, file: good.lua, steps: 5}", "unknown key 'steps'"},
      {"{id: a, file: good.lua}\n    - {id: a, file: good.lua}", "another rule has the id 'a'"},
  };
  for (const auto& [rule, message] : cases) {
    SCOPED_TRACE(rule);
    EXPECT_THAT(ErrorOf("routing:\n  rules:\n    - " + std::string(rule)), HasSubstr(message));
  }
}

TEST(RulesReader, ReadsTheExternalRouter) {
  const auto config = Parse(R"(
routing:
  external:
    url: https://router.example/v1/route?x=1
    timeout: 300ms
    headers: [{name: X-Key, value: '${env:KEY}'}]
    exclude_headers: [X-Secret]
    send_credentials: true
    query_properties: true
    propagate_errors: true
    cache: {ttl: 5s, entries: 50, key: [user, 'header:X-Team']}
    circuit_breaker: {failures: 3, open_for: 2s}
    fallback: reject)");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_TRUE(config->proxy.external_router);
  const auto& router = *config->proxy.external_router;
  EXPECT_EQ(router.location.ToString(), "https://router.example/v1/route?x=1");
  EXPECT_EQ(router.timeout, 300ms);
  EXPECT_THAT(router.headers, ElementsAre(std::pair<std::string, std::string>("X-Key", "hunter2")));
  EXPECT_THAT(router.exclude_headers, ElementsAre("X-Secret"));
  EXPECT_TRUE(router.send_credentials && router.query_properties && router.propagate_errors);
  EXPECT_THAT(router.cache_key, ElementsAre(CacheKeyPart{CacheKeyPart::Kind::kUser, {}},
                                            CacheKeyPart{CacheKeyPart::Kind::kHeader, "X-Team"}));
  EXPECT_EQ(router.cache_ttl, 5s);
  EXPECT_EQ(router.cache_entries, 50U);
  EXPECT_EQ(router.breaker_failures, 3);
  EXPECT_EQ(router.breaker_open_for, 2s);
  EXPECT_EQ(router.fallback, rules::RouterFallback::kReject);
}

TEST(RulesReader, SaysWhatIsWrongWithTheExternalRouter) {
  const struct {
    std::string_view settings;
    std::string_view message;
  } cases[] = {
      {"{timeout: 1s}", "url"},
      {"{url: router}", "'router' is not an address"},
      {"{url: 'http://u:p@r/'}", "without user"},
      {"{url: 'http://r/', fallback: none}", "allowed: policies, default_group, reject"},
      {"{url: 'http://r/', cache: {ttl: 1s}}", "key"},
      {"{url: 'http://r/', cache: {key: []}}", "all queries would share one answer"},
      {"{url: 'http://r/', cache: {key: [usr]}}", "'usr' is no part of a cache key"},
      {"{url: 'http://r/', headers: [{name: Host, value: x}]}", "the gateway's own"},
      {"{url: 'http://r/', circuit_breaker: {failures: 0}}", "0"},
  };
  for (const auto& [settings, message] : cases) {
    SCOPED_TRACE(settings);
    EXPECT_THAT(ErrorOf("routing:\n  external: " + std::string(settings)), HasSubstr(message));
  }
}

TEST(RulesReader, ReadsDelegatedAuthentication) {
  const auto config = Parse(R"(
auth:
  delegated:
    {url: 'http://auth:28001/validate', token: '${env:TOKEN}', timeout: 2s, cache_ttl: 1m,
     failure_ttl: 0s, entries: 7, impersonators: [svc], check_polls: true})");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_TRUE(config->proxy.delegated_auth);
  const auto& auth = *config->proxy.delegated_auth;
  EXPECT_EQ(auth.location.ToString(), "http://auth:28001/validate");
  EXPECT_EQ(auth.token, "hunter2");
  EXPECT_EQ(auth.timeout, 2s);
  EXPECT_EQ(auth.cache_ttl, 1min);
  EXPECT_EQ(auth.failure_ttl, 0s);
  EXPECT_EQ(auth.entries, 7U);
  EXPECT_THAT(auth.impersonators, ElementsAre("svc"));
  EXPECT_TRUE(auth.check_polls);
  EXPECT_FALSE(config->proxy.listeners[0].delegated_auth);
}

TEST(RulesReader, RefusesAGuardedListenerWithoutAProvider) {
  constexpr std::string_view kGuarded =
      "listeners: [{address: '127.0.0.1:8080', auth: delegated}]\n";
  const auto config = ParseConfig(kGuarded, "gateway.yaml", FakeScripts());
  ASSERT_EQ(CodeOf(config), ErrorCode::kInvalidArgument);
  EXPECT_THAT(config.error().message,
              HasSubstr("listeners[0].auth: needs the section auth.delegated"));
  EXPECT_THAT(ParseConfig("listeners: [{address: '127.0.0.1:8080', auth: ldap}]", "gateway.yaml",
                          FakeScripts())
                  .error()
                  .message,
              HasSubstr("allowed: none, delegated"));
}

}  // namespace
}  // namespace gateway::app
