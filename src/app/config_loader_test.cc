#include "app/config_loader.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <span>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "app/config_testing.h"
#include "app/temporary_directory.h"
#include "base/result_testing.h"

namespace gateway::app {
namespace {

using namespace std::chrono_literals;
using telemetry::AccessLogOptions;
using telemetry::Level;

constexpr std::string_view kFull = R"(
listeners:
  - address: 0.0.0.0:8080
    external_url: https://trino.example.com
    trusted_proxies: [10.0.0.0/8, '::1']
  - {address: '[::1]:8081'}
admin: {address: 127.0.0.1:8090, grpc_address: 127.0.0.1:8091, token: '${env:TOKEN}'}
store: {url: sqlite:/var/lib/trino-gateway/gateway.db}
routing:
  {default_group: adhoc, backend_header: false, transactions: refuse, session_header: X-Session}
monitor: {interval: 3s, timeout: 2s, user: probe, fall: 4, probe_sql: SELECT 2}
timeouts:
  {request_head: 1s, client_idle: 2s, request_body: 3s, connect: 4s, submit_head: 5s,
   response_head: 6s, response_body: 7s, half_closed: 8s, upstream_idle: 9s, shutdown_grace: 0s}
limits:
  {head_bytes: 32KiB, header_count: 50, replay_bytes: 1MiB, client_connections: 60,
   upstream_idle_per_backend: 7}
workers: 3
log: {level: debug, access: all, access_sample: 5}
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

TEST(ConfigLoader, RefusesTrustedProxiesThatAreNoAddressBlocks) {
  ExpectRefused("listeners: [{address: '127.0.0.1:8080', trusted_proxies: [lb.example]}]\n",
                "gateway.yaml:1:59: listeners[0].trusted_proxies[0]: 'lb.example' is no address "
                "block; allowed: an address, or a CIDR block");
  ExpectRefused("listeners: [{address: '127.0.0.1:8080', trusted_proxies: [10.0.0.1/8]}]\n",
                "gateway.yaml:1:59: listeners[0].trusted_proxies[0]: '10.0.0.1/8' has bits behind");
}

TEST(ConfigLoader, ReadsTrustedProxiesOfTheAdminAddress) {
  const auto config = ParseWithListeners("admin: {trusted_proxies: [10.0.0.0/8, '::1']}\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->admin.trusted_proxies,
            (std::vector{*AddressBlock::Parse("10.0.0.0/8"), *AddressBlock::Parse("::1")}));
  ExpectRefused(std::string(kListeners) + "admin: {trusted_proxies: [lb.example]}\n",
                "gateway.yaml:2:27: admin.trusted_proxies[0]: 'lb.example' is no address block; "
                "allowed: an address, or a CIDR block");
}

TEST(ConfigLoader, ReadsServerSettings) {
  const auto config = Parse(kFull);
  ASSERT_TRUE(config) << config.error().message;
  const auto& listeners = config->proxy.listeners;
  ASSERT_EQ(listeners.size(), 2u);
  EXPECT_EQ(listeners[0].host, "0.0.0.0");
  EXPECT_EQ(listeners[0].port, 8080);
  EXPECT_EQ(listeners[0].external_url, (Url{true, "trino.example.com", 443}));
  EXPECT_EQ(listeners[0].trusted_proxies,
            (std::vector{*AddressBlock::Parse("10.0.0.0/8"), *AddressBlock::Parse("::1")}));
  EXPECT_TRUE(listeners[1].trusted_proxies.empty());
  EXPECT_EQ(listeners[1].host, "::1");
  EXPECT_EQ(listeners[1].port, 8081);
  EXPECT_FALSE(listeners[1].external_url);
  AdminConfig admin{"127.0.0.1", 8090, Address{"127.0.0.1", 8091}, "hunter2", {}};
  admin.identity.tokens = {{"token", identity::Role::kAdmin, identity::Sha256("hunter2")}};
  EXPECT_EQ(config->admin, admin);
  EXPECT_EQ(config->store.url, "sqlite:/var/lib/trino-gateway/gateway.db");
  EXPECT_EQ(config->default_group, "adhoc");
  EXPECT_FALSE(config->proxy.backend_header);
  EXPECT_TRUE(config->proxy.refuse_transactions);
  EXPECT_EQ(config->proxy.session_header, "X-Session");
  EXPECT_EQ(config->monitor.interval, 3s);
  EXPECT_EQ(config->monitor.fall, 4);
  EXPECT_EQ(config->monitor.probe.credentials.user, "probe");
  EXPECT_EQ(config->monitor.probe.steps[1].sql, "SELECT 2");
  EXPECT_EQ(config->monitor.probe.steps[1].timeout, 2s);
  EXPECT_EQ(config->proxy.workers, 3u);
  EXPECT_EQ(config->log.level, Level::kDebug);
  EXPECT_EQ(config->log.access.mode, AccessLogOptions::Mode::kAll);
  EXPECT_EQ(config->log.access.sample_every, 5u);
}

TEST(ConfigLoader, ReadsEachTimeoutAndLimitIntoItsPlace) {
  const auto config = Parse(kFull);
  ASSERT_TRUE(config) << config.error().message;
  const auto& timeouts = config->proxy.timeouts;
  EXPECT_EQ(timeouts.request_head, 1s);
  EXPECT_EQ(timeouts.client_idle, 2s);
  EXPECT_EQ(timeouts.request_body, 3s);
  EXPECT_EQ(timeouts.connect, 4s);
  EXPECT_EQ(timeouts.submit_head, 5s);
  EXPECT_EQ(timeouts.response_head, 6s);
  EXPECT_EQ(timeouts.response_body, 7s);
  EXPECT_EQ(timeouts.half_closed, 8s);
  EXPECT_EQ(timeouts.upstream_idle, 9s);
  EXPECT_EQ(timeouts.shutdown_grace, 0s);
  const auto& limits = config->proxy.limits;
  EXPECT_EQ(limits.head_bytes, 32u * 1024);
  EXPECT_EQ(limits.header_count, 50u);
  EXPECT_EQ(limits.replay_bytes, 1024u * 1024);
  EXPECT_EQ(limits.client_connections, 60u);
  EXPECT_EQ(limits.upstream_idle_per_backend, 7u);
}

TEST(ConfigLoader, FillsInTheDocumentedDefaults) {
  const auto config = ParseWithListeners("");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->admin, AdminConfig());
  EXPECT_EQ(config->store.url, "sqlite::memory:");
  EXPECT_EQ(config->default_group, "");
  EXPECT_TRUE(config->proxy.backend_header);
  EXPECT_FALSE(config->proxy.refuse_transactions);
  EXPECT_EQ(config->proxy.session_header, "");
  EXPECT_EQ(config->monitor, MonitorConfig());
  EXPECT_EQ(config->proxy.workers, 0u);
  EXPECT_EQ(config->log.level, Level::kInfo);
  EXPECT_EQ(config->log.access.mode, AccessLogOptions::Mode::kSampled);
  EXPECT_EQ(config->log.access.sample_every, 100u);
  EXPECT_EQ(config->declared, model::Configuration());
}

TEST(ConfigLoader, AcceptsAnchorsAndMergesWithTheMapsOwnKeysFirst) {
  const auto config = ParseWithListeners(R"(backends:
  - &first {id: c1, url: 'http://c1', enabled: false}
  - {<<: *first, id: c2}
  - {<<: [*first, *first], id: c3, enabled: true}
)");
  ASSERT_TRUE(config) << config.error().message;
  const auto& backends = config->declared.backends;
  ASSERT_EQ(backends.size(), 3u);
  EXPECT_EQ(backends[1].id, "c2");
  EXPECT_EQ(backends[1].url.host, "c1");
  EXPECT_FALSE(backends[1].enabled);
  EXPECT_TRUE(backends[2].enabled);
}

TEST(ConfigLoader, AcceptsPortZeroMoreThanOnce) {
  const auto config = Parse("listeners: [{address: '127.0.0.1:0'}, {address: '127.0.0.1:0'}]\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->proxy.listeners.size(), 2u);
}

TEST(ConfigLoader, ASubstitutedValueNeverChangesTheStructure) {
  const auto config = ParseWithListeners("monitor: {probe_sql: '${env:STRUCTURE}'}\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->monitor.probe.steps[1].sql, "}\nworkers: 7 # {[");
  EXPECT_EQ(config->proxy.workers, 0u);
}

TEST(ConfigLoader, RefusesBadListeners) {
  const Mistake mistakes[] = {
      {"workers: 1\n", "gateway.yaml:1:1: the key 'listeners' is missing"},
      {"listeners: []\n", "gateway.yaml:1:12: listeners: the list is empty; needed: at least one"},
      {"listeners: 127.0.0.1:8080\n",
       "gateway.yaml:1:12: listeners: a single value is not allowed here; allowed: a list"},
      {"listeners:\n",
       "gateway.yaml:1:1: listeners: no value is not allowed here; allowed: a list"},
      {"listeners:\n  - {}\n", "gateway.yaml:2:5: listeners[0]: the key 'address' is missing"},
      {"listeners:\n  - 127.0.0.1:8080\n",
       "gateway.yaml:2:5: listeners[0]: a single value is not allowed here; allowed: a map with "
       "the keys address, external_url, trusted_proxies, auth"},
      {"listeners:\n  - address: gateway:8080\n",
       "gateway.yaml:2:14: listeners[0].address: 'gateway:8080' is not an address; allowed: "
       "IP:PORT"},
      {"listeners:\n  - {address: 'localhost:80'}\n  - {address: '127.0.0.1:80'}\n",
       "gateway.yaml:3:15: listeners[1].address: '127.0.0.1:80' is used by listeners[0].address "
       "already (line 2)"},
      {"listeners:\n  - {address: '[::1]:80'}\n  - {address: '[0::1]:80'}\n",
       "gateway.yaml:3:15: listeners[1].address: '[0::1]:80' is used by listeners[0].address "
       "already (line 2)"},
      {"listeners:\n  - {address: '127.0.0.1:80'}\nadmin: {address: '127.0.0.1:80'}\n",
       "gateway.yaml:3:18: admin.address: '127.0.0.1:80' is used by listeners[0].address already"},
      {"listeners:\n  - {address: '127.0.0.1:80', external_url: trino}\n",
       "gateway.yaml:2:45: listeners[0].external_url: 'trino' is not an address: write http://"},
      {"- a\n- b\n",
       "gateway.yaml:1:1: a list is not allowed here; allowed: a map with the keys "
       "listeners, admin, store, history, audit, routing, auth, monitor, timeouts, limits, "
       "workers, log, "
       "backends, groups, policies"},
  };
  for (const auto& [text, complaint] : mistakes) ExpectRefused(text, complaint);
}

TEST(ConfigLoader, ReadsWhatInstancesShare) {
  const auto usual = ParseWithListeners("");
  ASSERT_TRUE(usual);
  EXPECT_FALSE(usual->monitor.shared);
  EXPECT_EQ(usual->audit_retention_days, 365U);
  const auto config = ParseWithListeners(
      "store: {url: 'postgresql://db/gw'}\n"
      "monitor: {shared: true, interval: 1s}\n"
      "audit: {retention_days: 0}\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_TRUE(config->monitor.shared);
  EXPECT_EQ(config->audit_retention_days, 0U);
}

TEST(ConfigLoader, RefusesUnknownAndRepeatedKeys) {
  const Mistake mistakes[] = {
      {"groups:\n  - {id: g, backends: [], strategi: random}\n",
       "gateway.yaml:3:27: unknown key 'strategi' in groups[0]; did you mean 'strategy'? allowed: "
       "id, backends, strategy, weights, hash_key, slow_start, fallback_groups, mode, enabled"},
      {"monitors: {}\n",
       "gateway.yaml:2:1: unknown key 'monitors' at the top level; did you mean 'monitor'? "
       "allowed: listeners, admin,"},
      {"log:\n  colour: red\n",
       "gateway.yaml:3:3: unknown key 'colour' in log; allowed: level, access, access_sample"},
      {"monitor:\n  interval: 1s\n  interval: 2s\n",
       "gateway.yaml:4:3: key 'interval' in monitor is there already in line 3; keep one"},
      {"workers: 1\nworkers: 1\n",
       "gateway.yaml:3:1: key 'workers' at the top level is there already in line 2"},
      {"? [a, b]\n: 1\n", "gateway.yaml:2:3: a list cannot be a key"},
      {"store: {<<: word, url: 'sqlite::memory:'}\n",
       "gateway.yaml:2:13: store: a single value cannot be merged (<<)"},
  };
  ExpectRefused(mistakes);
}

TEST(ConfigLoader, RefusesValuesOfTheWrongTypeOrRange) {
  const Mistake mistakes[] = {
      {"workers: [1]\n",
       "gateway.yaml:2:10: workers: a list is not allowed here; allowed: a single"},
      {"workers: many\n",
       "gateway.yaml:2:10: workers: 'many' is not allowed; allowed: a whole number from 0 to 1024"},
      {"workers: -1\n", "gateway.yaml:2:10: workers: '-1' is not allowed"},
      {"workers: 1025\n", "gateway.yaml:2:10: workers: '1025' is not allowed"},
      {"workers:\n", "gateway.yaml:2:1: workers: no value is not allowed here"},
      {"workers: ''\n", "gateway.yaml:2:10: workers: the value is empty; write one"},
      {"routing: [adhoc]\n",
       "gateway.yaml:2:10: routing: a list is not allowed here; allowed: a map with the keys "
       "default_group, backend_header, transactions, session_header, rules, external"},
      {"routing: {backend_header: yes}\n",
       "gateway.yaml:2:27: routing.backend_header: 'yes' is not allowed; allowed: true, false"},
      {"routing: {transactions: no}\n",
       "gateway.yaml:2:25: routing.transactions: 'no' is not allowed; allowed: route, refuse"},
      {"routing: {session_header: 'X Session'}\n",
       "gateway.yaml:2:27: routing.session_header: 'X Session' is no header name; allowed: 1 to"},
      {"routing: {default_group: a/b}\n",
       "gateway.yaml:2:26: routing.default_group: 'a/b' is not an id; allowed: 1 to 64 letters"},
      {"monitor:\n  interval: 10 parsecs\n",
       "gateway.yaml:3:13: monitor.interval: '10 parsecs' is not allowed; allowed: a duration such "
       "as 500ms, 10s, 2m or 1h, from 100ms to 24h"},
      {"monitor: {fall: 0}\n", "gateway.yaml:2:17: monitor.fall: '0' is not allowed"},
      {"timeouts: {connect: 0s}\n", "gateway.yaml:2:21: timeouts.connect: '0s' is not allowed"},
      {"limits: {head_bytes: 64KB}\n",
       "gateway.yaml:2:22: limits.head_bytes: '64KB' is not allowed; allowed: a size such as "
       "64KiB, 1MiB or plain bytes, from 1KiB to 1MiB"},
      {"log: {level: loud}\n",
       "gateway.yaml:2:14: log.level: unknown level 'loud'; allowed: debug, info, warn, error"},
      {"log: {access: some}\n",
       "gateway.yaml:2:15: log.access: 'some' is not allowed; allowed: off, sampled, all"},
      {"store: {}\n", "gateway.yaml:2:8: store: the key 'url' is missing"},
      {"store: {url: oracle}\n",
       "gateway.yaml:2:14: store.url: the URL (not shown) is wrong: the scheme is not supported; "
       "allowed: sqlite:PATH"},
      {"store: {url: 'postgresql://gw:secret@h:70000/db'}\n",
       "gateway.yaml:2:14: store.url: the URL (not shown) is wrong: the port must be 1 to 65535"},
      {"store: {url: 'sqlite::memory:', connections: 0}\n",
       "gateway.yaml:2:46: store.connections: '0' is not allowed"},
  };
  ExpectRefused(mistakes);
}

TEST(ConfigLoader, RefusesSubstitutionsThatFailWithThePlace) {
  const Mistake mistakes[] = {
      {"admin: {token: '${env:NOT_SET}'}\n",
       "gateway.yaml:2:16: admin.token: the environment variable NOT_SET is not set"},
      {"admin: {token: '${file:nowhere}'}\n",
       "gateway.yaml:2:16: admin.token: '${file:nowhere}' cannot be used: No such file"},
      {"admin: {token: '${TOKEN}'}\n", "gateway.yaml:2:16: admin.token: '${TOKEN}' is not known"},
      // An empty variable must not open the API.
      {"admin: {token: '${env:EMPTY}'}\n",
       "gateway.yaml:2:16: admin.token: what '${env:EMPTY}' stands for is empty"},
  };
  ExpectRefused(mistakes);
}

TEST(ConfigLoader, NeverShowsWhatASubstitutionPutIn) {
  for (const auto* text : {
           "workers: ${env:TOKEN}\n",
           "monitor: {interval: '${env:TOKEN}'}\n",
           "store: {url: '${file:secret}'}\n",
           "backends: [{id: c1, url: 'http://${env:TOKEN}/path'}]\n",
           "log: {level: '${env:TOKEN}'}\n",
           "groups: [{id: '${env:TOKEN}', backends: []}, {id: '${env:TOKEN}', backends: []}]\n",
           "groups: [{id: '${env:TOKEN}', backends: ['${env:TOKEN}']}]\n",
           "groups: [{id: '${env:TOKEN}', backends: []}]\nrouting: {default_group: hunter}\n",
           "groups: [{id: g, backends: []}]\npolicies: [{id: p, rule: {type: listening_port, "
           "value: '${env:TOKEN}'}, group: g}]\n",
       }) {
    SCOPED_TRACE(text);
    const auto config = ParseWithListeners(text);
    ASSERT_EQ(CodeOf(config), ErrorCode::kInvalidArgument);
    EXPECT_EQ(config.error().message.find("hunter2"), std::string::npos) << config.error().message;
  }
}

TEST(ConfigLoader, ReportsAllProblemsInTheOrderOfTheFile) {
  const auto config = Parse("worker: 1\nlog: {level: loud}\nmonitor: {fall: x}\n");
  ASSERT_FALSE(config);
  const auto& message = config.error().message;
  std::size_t last = 0;
  for (const auto* line : {"gateway.yaml:1:1: the key 'listeners' is missing",
                           "gateway.yaml:1:1: unknown key 'worker'",
                           "\ngateway.yaml:2:14: log.level", "\ngateway.yaml:3:17: monitor.fall"}) {
    SCOPED_TRACE(line);
    const auto found = message.find(line, last);
    ASSERT_NE(found, std::string::npos) << message;
    last = found;
  }
}

TEST(ConfigLoader, ShowsTwentyProblemsAndCountsTheRest) {
  std::string text(kListeners);
  for (int i = 0; i < 2500; ++i) text += "key" + std::to_string(i) + ": 1\n";
  const auto config = Parse(text);
  ASSERT_FALSE(config);
  EXPECT_EQ(std::ranges::count(config.error().message, '\n'), 20);
  EXPECT_TRUE(config.error().message.ends_with("\ngateway.yaml: and 2480 more"));
}

TEST(ConfigLoader, RefusesAHugeFileAndAHugeValue) {
  ExpectRefused(std::string(kMaxConfigBytes + 1, '#'),
                "gateway.yaml:1:1: the file is larger than 4");
  const auto config = ParseWithListeners("admin: {token: " + std::string(5000, 'x') + "}\n");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().message,
            "gateway.yaml:2:16: admin.token: the value is too long; allowed: 4096 characters");
}

TEST(ConfigLoader, RefusesAliasesThatNameThemselves) {
  const Mistake mistakes[] = {
      {"groups: &g [{id: a, backends: *g}]\n",
       "gateway.yaml:2:31: this alias stands inside what it names"},
      {"store: &s {<<: *s}\n", "gateway.yaml:2:16: this alias stands inside what it names"},
      {"log: &l [*l]\n", "gateway.yaml:2:10: this alias stands inside what it names"},
  };
  ExpectRefused(mistakes);
}

TEST(ConfigLoader, ShowsControlCharactersOfAQuotedValueAsBlanks) {
  ExpectRefused(std::string(kListeners) + "workers: \"a\\nb\\e[31m\"\n",
                "gateway.yaml:2:10: workers: 'a b [31m' is not allowed");
}

TEST(ConfigLoader, LoadsAFileWithSecretsBesideIt) {
  TemporaryDirectory directory;
  directory.Write("token", "from-file\n");
  const auto path = directory.Write("gateway.yaml",
                                    std::string(kListeners) + "admin: {token: '${file:token}'}\n");
  const auto config = LoadConfig(path);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->admin.token, "from-file");
}

TEST(ConfigLoader, NamesAFileThatCannotBeRead) {
  TemporaryDirectory directory;
  const auto path = directory.File("nowhere.yaml").string();
  const auto missing = LoadConfig(path);
  EXPECT_EQ(CodeOf(missing), ErrorCode::kNotFound);
  EXPECT_EQ(missing.error().message, path + ": cannot be read: No such file or directory");
  EXPECT_EQ(CodeOf(LoadConfig(directory.File("").string())), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(LoadConfig("/dev/zero")), ErrorCode::kTooLarge);
}

TEST(ConfigLoader, TakesTheExampleFileWhichShowsTheDefaults) {
  const auto config = LoadConfig(GATEWAY_SOURCE_DIR "/deploy/config.example.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(ImmutableChanges(AppConfig(), *config), std::vector<std::string>{"listeners"});
  EXPECT_EQ(config->default_group, "adhoc");
  EXPECT_EQ(config->declared.backends.size(), 2u);
  EXPECT_EQ(config->declared.groups.size(), 2u);
  EXPECT_EQ(config->declared.policies.size(), 2u);
}

// The lines that stand there as comments, as they have no default.
TEST(ConfigLoader, TakesTheExampleFileWithItsOptionalLines) {
  constexpr const char* kPath = GATEWAY_SOURCE_DIR "/deploy/config.example.yaml";
  std::ifstream file(kPath);
  std::string text(std::istreambuf_iterator<char>(file), {});
  for (const std::string key : {"external_url:", "grpc_address:", "token:"}) {
    const auto comment = text.find("# " + key);
    ASSERT_NE(comment, std::string::npos) << key;
    text.erase(comment, 2);
  }
  auto sources = FakeSources();
  sources.variable = [](std::string_view name) -> std::optional<std::string> {
    return name == "GATEWAY_TOKEN" ? std::optional<std::string>("example") : std::nullopt;
  };
  const auto config = ParseConfig(text, kPath, sources);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->admin.token, "example");
  EXPECT_TRUE(config->admin.grpc);
  EXPECT_TRUE(config->proxy.listeners[1].external_url);
}

}  // namespace
}  // namespace gateway::app
