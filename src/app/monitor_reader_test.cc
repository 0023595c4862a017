#include "app/monitor_reader.h"

#include <gtest/gtest.h>

#include "app/config_loader.h"
#include "base/result_testing.h"

namespace gateway::app {
namespace {

using namespace std::chrono_literals;
using monitor::LoadSource;
using monitor::ProbeType;

Expected<AppConfig> Parse(std::string_view text) {
  SubstitutionSources sources;
  sources.variable = [](std::string_view name) -> std::optional<std::string> {
    if (name == "PASSWORD") return "correct horse";
    return std::nullopt;
  };
  return ParseConfig("listeners: [{address: '127.0.0.1:0'}]\n" + std::string(text), "gateway.yaml",
                     sources);
}

TEST(MonitorReader, ReadsEveryKeyIntoItsPlace) {
  const auto config = Parse(R"(monitor:
  interval: 5s
  timeout: 3s
  fall: 3
  rise: 2
  stats_valid_for: 40s
  marks: until_cleared
  user: monitor
  password: ${env:PASSWORD}
  load_source: metrics
  min_active_workers: 9
  probe_sql: SELECT 2
  probes:
    - {type: info, timeout: 1s}
    - {type: sql, expect: '2', always: true}
    - {type: sql, sql: SELECT count(*) FROM tpch.tiny.nation, timeout: 20s}
    - {type: metrics, bounds: [{name: jvm_memory, max: 1.5e9}, {name: nodes, min: 1, max: 10}]}
    - {type: jmx, bounds: [{name: 'trino.execution:name=QueryManager/QueuedQueries', max: 100}]}
    - {type: ui_api, bounds: [{name: activeWorkers, min: 9}]}
)");
  ASSERT_TRUE(config) << config.error().message;
  const auto& monitor = config->monitor;
  EXPECT_EQ(monitor.interval, 5s);
  EXPECT_EQ(monitor.fall, 3);
  EXPECT_EQ(monitor.rise, 2);
  EXPECT_EQ(monitor.stats_valid_for, 40s);
  EXPECT_EQ(monitor.marks, model::Registry::MarksHold::kUntilCleared);
  EXPECT_EQ(monitor.probe.credentials.user, "monitor");
  EXPECT_EQ(monitor.probe.credentials.password, "correct horse");
  EXPECT_EQ(monitor.probe.load_source, LoadSource::kMetrics);
  EXPECT_EQ(monitor.probe.load_timeout, 3s);
  EXPECT_EQ(monitor.probe.min_active_workers, 9);

  const auto& steps = monitor.probe.steps;
  ASSERT_EQ(steps.size(), 6U);
  EXPECT_EQ(steps[0].timeout, 1s);
  EXPECT_EQ(steps[1].sql, "SELECT 2");
  EXPECT_EQ(steps[1].expect, "2");
  EXPECT_TRUE(steps[1].always);
  EXPECT_EQ(steps[1].timeout, 3s);
  EXPECT_EQ(steps[2].sql, "SELECT count(*) FROM tpch.tiny.nation");
  EXPECT_EQ(steps[2].timeout, 20s);
  EXPECT_FALSE(steps[2].always);
  EXPECT_EQ(steps[3].type, ProbeType::kMetrics);
  EXPECT_EQ(steps[3].bounds,
            (std::vector<monitor::Bounds>{{"jvm_memory", std::nullopt, 1.5e9}, {"nodes", 1, 10}}));
  EXPECT_EQ(steps[4].type, ProbeType::kJmx);
  EXPECT_EQ(steps[5].type, ProbeType::kUiApi);
}

TEST(MonitorReader, EjectsForLatencyOnlyWhereItIsAskedTo) {
  EXPECT_FALSE(Parse("monitor: {interval: 5s}\n")->monitor.probe.latency.enabled);
  const auto config = Parse(R"(monitor:
  latency:
    at_least: 2s
    times: 2.5
    requests: 50
    window: 30s
    eject_for: 10s
    max_ejected_percent: 25
backends:
  - {id: c1, url: 'http://127.0.0.1:8080', monitor: {latency: {times: 4}}}
  - {id: c2, url: 'http://127.0.0.1:8081', monitor: {latency: {enabled: false}}}
)");
  ASSERT_TRUE(config) << config.error().message;
  monitor::LatencyRule expected{.enabled = true,
                                .at_least = 2s,
                                .times = 2.5,
                                .requests = 50,
                                .window = 30s,
                                .eject_for = 10s,
                                .max_ejected_percent = 25};
  EXPECT_EQ(config->monitor.probe.latency, expected);
  EXPECT_FALSE(config->backend_probes.at("c2").latency.enabled);
  expected.times = 4;
  EXPECT_EQ(config->backend_probes.at("c1").latency, expected);
}

TEST(MonitorReader, RefusesARuleThatWouldEjectTooMuch) {
  for (const auto* latency : {"times: 1", "max_ejected_percent: 51", "requests: 0", "every: 1s"}) {
    SCOPED_TRACE(latency);
    EXPECT_FALSE(Parse("monitor: {latency: {" + std::string(latency) + "}}\n"));
  }
}

TEST(MonitorReader, EjectsForErrorsUnlessItIsAskedNotTo) {
  EXPECT_TRUE(Parse("monitor: {interval: 5s}\n")->monitor.probe.errors.enabled);
  const auto config = Parse(R"(monitor:
  errors: {in_row: 3, eject_for: 10s, max_ejected_percent: 25}
backends:
  - {id: c1, url: 'http://127.0.0.1:8080', monitor: {errors: {enabled: false}}}
)");
  ASSERT_TRUE(config) << config.error().message;
  monitor::ErrorRule expected{
      .enabled = true, .in_row = 3, .eject_for = 10s, .max_ejected_percent = 25};
  EXPECT_EQ(config->monitor.probe.errors, expected);
  expected.enabled = false;
  EXPECT_EQ(config->backend_probes.at("c1").errors, expected);
  for (const auto* errors : {"in_row: 0", "max_ejected_percent: 51", "eject_for: 1ms", "at: 1"}) {
    SCOPED_TRACE(errors);
    EXPECT_FALSE(Parse("monitor: {errors: {" + std::string(errors) + "}}\n"));
  }
}

TEST(MonitorReader, ABackendSaysOnlyWhatDiffers) {
  const auto config =
      Parse(R"(monitor: {timeout: 3s, user: monitor, password: p, probe_sql: SELECT 2}
backends:
  - {id: c1, url: 'http://c1'}
  - {id: c2, url: 'http://c2', monitor: {timeout: 9s}}
  - {id: c3, url: 'http://c3', monitor: {token: a.b.c, load_source: none, probe_sql: SELECT 3}}
  - {id: c4, url: 'http://c4', monitor: {probes: [{type: info}]}}
)");
  ASSERT_TRUE(config) << config.error().message;
  const auto& probes = config->backend_probes;
  EXPECT_EQ(probes.size(), 3U);
  auto expected = config->monitor.probe;
  expected.load_timeout = 9s;
  for (auto& step : expected.steps) step.timeout = 9s;
  EXPECT_EQ(probes.at("c2"), expected);

  expected = config->monitor.probe;
  expected.credentials.password = "";
  expected.credentials.token = "a.b.c";
  expected.load_source = LoadSource::kNone;
  expected.steps[1].sql = "SELECT 3";
  EXPECT_EQ(probes.at("c3"), expected);
  ASSERT_EQ(probes.at("c4").steps.size(), 1U);
  EXPECT_EQ(probes.at("c4").steps[0].timeout, 3s);
}

TEST(MonitorReader, SaysWhatIsWrongAndWhatIsAllowed) {
  const struct {
    const char* text;
    const char* complaint;
  } mistakes[] = {
      {"monitor: {probes: [{type: ping}]}\n",
       "gateway.yaml:2:27: monitor.probes[0].type: unknown probe type 'ping'; allowed: info, sql, "
       "metrics, jmx, ui_api"},
      {"monitor: {probes: [{timeout: 1s}]}\n", "monitor.probes[0]: the key 'type' is missing"},
      {"monitor: {probes: [{type: info, sql: SELECT 1}]}\n",
       "gateway.yaml:2:33: unknown key 'sql' in monitor.probes[0]; allowed: type, timeout"},
      {"monitor: {probes: [{type: metrics}]}\n", "monitor.probes[0]: the key 'bounds' is missing"},
      {"monitor: {probes: [{type: metrics, bounds: []}]}\n", "the list is empty; needed"},
      {"monitor: {probes: [{type: metrics, bounds: [{name: a}]}]}\n",
       "monitor.probes[0].bounds[0]: needed: min, max or both"},
      {"monitor: {probes: [{type: metrics, bounds: [{name: a, min: x}]}]}\n",
       "'x' is not allowed; allowed: a number such as 3 or 0.5"},
      {"monitor: {probes: [{type: jmx, bounds: [{name: a, min: 1}]}]}\n",
       "it must name an MBean and its attribute"},
      {"monitor: {load_source: guess}\n",
       "unknown load source 'guess'; allowed: none, query_state, sql, metrics, jmx, ui_api"},
      {"monitor: {min_active_workers: 2}\n",
       "min_active_workers needs a load_source that counts workers, which query_state does not; "
       "allowed: sql, metrics, jmx, ui_api"},
      {"monitor: {marks: forever}\n",
       "'forever' is not allowed; allowed: until_probe, until_cleared"},
      {"monitor: {shared: true}\n", "monitor: shared needs a database that instances share"},
      {"store: {url: 'postgresql://db/gw'}\nmonitor: {shared: true, interval: 999ms}\n",
       "monitor: shared needs an interval of at least 1s"},
      {"monitor: {password: p, token: t}\n", "a password is given already"},
      {"monitor: {key_file: /k}\n", "certificate_file and key_file must be given together"},
      {"monitor: {ca_file: /nowhere/ca.pem}\n",
       "monitor: the CA file '/nowhere/ca.pem' cannot be used"},
      {"backends: [{id: c1, url: 'http://c1', monitor: {fall: 3}}]\n",
       "unknown key 'fall' in backends[0].monitor"},
  };
  for (const auto& [text, complaint] : mistakes) {
    SCOPED_TRACE(text);
    const auto config = Parse(text);
    ASSERT_EQ(CodeOf(config), ErrorCode::kInvalidArgument);
    EXPECT_NE(config.error().message.find(complaint), std::string::npos) << config.error().message;
  }
}

TEST(MonitorReader, NeverShowsASecret) {
  const auto config = Parse("monitor: {password: \"geheim\\x01\", token: \"geheim geheim\"}\n");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().message.find("geheim"), std::string::npos) << config.error().message;
}

}  // namespace
}  // namespace gateway::app
