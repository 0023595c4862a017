#include "telemetry/metrics.h"

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace gateway::telemetry {
namespace {

using namespace std::chrono_literals;

// The value of the series that the exposition names so, labels in alphabetical order.
std::optional<double> Sample(const Metrics& metrics, const std::string& series) {
  const auto text = "\n" + metrics.Expose();
  const auto begin = text.find("\ntrino_gateway_" + series + " ");
  if (begin == std::string::npos) return std::nullopt;
  return std::stod(text.substr(text.find(' ', begin) + 1));
}

ExchangeRecord Poll(std::string_view backend, int status = 200) {
  ExchangeRecord record;
  record.endpoint = "poll";
  record.backend = backend;
  record.status = status;
  record.bytes_in = 10;
  record.bytes_out = 1000;
  record.total = 3ms;
  record.upstream_wait = 200us;
  return record;
}

TEST(Metrics, CountsExchangesByEndpointBackendAndStatus) {
  Metrics metrics;
  metrics.ExchangeEnded(Poll("c1"));
  metrics.ExchangeEnded(Poll("c1"));
  metrics.ExchangeEnded(Poll("c1", 503));
  metrics.ExchangeEnded(Poll("c2"));
  EXPECT_EQ(Sample(metrics, R"(requests_total{backend="c1",endpoint="poll",status="200"})"), 2);
  EXPECT_EQ(Sample(metrics, R"(requests_total{backend="c1",endpoint="poll",status="503"})"), 1);
  EXPECT_EQ(Sample(metrics, R"(requests_total{backend="c2",endpoint="poll",status="200"})"), 1);
  EXPECT_EQ(Sample(metrics, R"(request_bytes_total{backend="c1",endpoint="poll"})"), 30);
  EXPECT_EQ(Sample(metrics, R"(response_bytes_total{backend="c1",endpoint="poll"})"), 3000);
}

TEST(Metrics, SortsTimesIntoBuckets) {
  Metrics metrics;
  metrics.ExchangeEnded(Poll("c1"));
  EXPECT_EQ(Sample(metrics, R"(request_duration_seconds_bucket{endpoint="poll",le="0.0025"})"), 0);
  EXPECT_EQ(Sample(metrics, R"(request_duration_seconds_bucket{endpoint="poll",le="0.005"})"), 1);
  EXPECT_EQ(Sample(metrics, R"(request_duration_seconds_count{endpoint="poll"})"), 1);
  EXPECT_EQ(Sample(metrics, R"(upstream_wait_seconds_bucket{backend="c1",le="0.0001"})"), 0);
  EXPECT_EQ(Sample(metrics, R"(upstream_wait_seconds_bucket{backend="c1",le="0.00025"})"), 1);
}

TEST(Metrics, DoesNotCountAWaitForABackendThatWasNotAsked) {
  Metrics metrics;
  auto refused = Poll("");
  refused.upstream_wait = 0ns;
  metrics.ExchangeEnded(refused);
  EXPECT_EQ(Sample(metrics, R"(upstream_wait_seconds_count{backend=""})"), 0);
}

TEST(Metrics, AddsUpWhatManyThreadsCount) {
  constexpr int kThreads = 4;
  constexpr int kExchanges = 1000;
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&metrics] {
      for (int exchange = 0; exchange < kExchanges; ++exchange) metrics.ExchangeEnded(Poll("c1"));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(Sample(metrics, R"(requests_total{backend="c1",endpoint="poll",status="200"})"),
            kThreads * kExchanges);
}

TEST(Metrics, KeepsInstancesApartThatOneThreadUses) {
  Metrics first;
  Metrics second;
  for (int i = 0; i < 2; ++i) {
    first.ExchangeEnded(Poll("c1"));
    second.ExchangeEnded(Poll("c1"));
  }
  EXPECT_EQ(Sample(first, R"(requests_total{backend="c1",endpoint="poll",status="200"})"), 2);
  EXPECT_EQ(Sample(second, R"(requests_total{backend="c1",endpoint="poll",status="200"})"), 2);
}

TEST(Metrics, BeginsAtZeroAfterAnotherInstanceOnTheSameThread) {
  // Often at the same address: what the thread remembers of the first must not be written to (the
  // address sanitizer would see it).
  for (int instance = 0; instance < 3; ++instance) {
    auto metrics = std::make_unique<Metrics>();
    metrics->ExchangeEnded(Poll("c1"));
    EXPECT_EQ(Sample(*metrics, R"(requests_total{backend="c1",endpoint="poll",status="200"})"), 1);
  }
}

TEST(Metrics, ShowsABackendsStateUntilItIsForgotten) {
  Metrics metrics;
  metrics.BackendHealth("c1", true);
  metrics.BackendLoad("c1", 7);
  metrics.BackendInFlight("c1", 3);
  EXPECT_EQ(Sample(metrics, R"(backend_healthy{backend="c1"})"), 1);
  EXPECT_EQ(Sample(metrics, R"(backend_load{backend="c1"})"), 7);
  EXPECT_EQ(Sample(metrics, R"(backend_in_flight{backend="c1"})"), 3);
  metrics.BackendHealth("c1", false);
  EXPECT_EQ(Sample(metrics, R"(backend_healthy{backend="c1"})"), 0);

  metrics.KeepBackends({});
  EXPECT_EQ(Sample(metrics, R"(backend_healthy{backend="c1"})"), std::nullopt);
  EXPECT_EQ(Sample(metrics, R"(backend_load{backend="c1"})"), std::nullopt);
  EXPECT_EQ(Sample(metrics, R"(backend_in_flight{backend="c1"})"), std::nullopt);
}

TEST(Metrics, HasNoLoadOfABackendWhereItIsUnknown) {
  Metrics metrics;
  metrics.BackendLoad("c1", std::nullopt);
  EXPECT_EQ(Sample(metrics, R"(backend_load{backend="c1"})"), std::nullopt);
  metrics.BackendLoad("c1", 7);
  metrics.BackendLoad("c1", std::nullopt);
  EXPECT_EQ(Sample(metrics, R"(backend_load{backend="c1"})"), std::nullopt);
  metrics.BackendLoad("c1", 8);
  EXPECT_EQ(Sample(metrics, R"(backend_load{backend="c1"})"), 8);
  for (const auto number :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity()}) {
    metrics.BackendLoad("c1", 8);
    metrics.BackendLoad("c1", number);
    EXPECT_EQ(Sample(metrics, R"(backend_load{backend="c1"})"), std::nullopt);
  }
}

TEST(Metrics, ShowsOnlyThoseFiguresOfAClusterThatAreKnown) {
  Metrics metrics;
  metrics.BackendFigures("c1", {.running = 2, .active_workers = 9});
  EXPECT_EQ(Sample(metrics, R"(backend_running_queries{backend="c1"})"), 2);
  EXPECT_EQ(Sample(metrics, R"(backend_active_workers{backend="c1"})"), 9);
  EXPECT_EQ(Sample(metrics, R"(backend_queued_queries{backend="c1"})"), std::nullopt);
  metrics.BackendFigures("c1",
                         {.queued = 1, .blocked = 0, .reserved_bytes = 132, .cpu_seconds = 5});
  EXPECT_EQ(Sample(metrics, R"(backend_running_queries{backend="c1"})"), std::nullopt);
  EXPECT_EQ(Sample(metrics, R"(backend_queued_queries{backend="c1"})"), 1);
  EXPECT_EQ(Sample(metrics, R"(backend_blocked_queries{backend="c1"})"), 0);
  EXPECT_EQ(Sample(metrics, R"(backend_reserved_memory_bytes{backend="c1"})"), 132);
  EXPECT_EQ(Sample(metrics, R"(backend_cpu_seconds{backend="c1"})"), 5);
}

TEST(Metrics, ShowsWhatADrainWaitsForAndHowOftenStatesChanged) {
  Metrics metrics;
  metrics.BackendLeft("c1", 3, 1);
  EXPECT_EQ(Sample(metrics, R"(backend_live_queries{backend="c1"})"), 3);
  EXPECT_EQ(Sample(metrics, R"(backend_open_transactions{backend="c1"})"), 1);
  for (int i = 0; i < 2; ++i) metrics.HealthChanged("c1", "unhealthy", "refused");
  EXPECT_EQ(Sample(metrics,
                   "backend_state_changes_total"
                   R"({backend="c1",reason="refused",state="unhealthy"})"),
            2);
  metrics.DataPathFailed("c1", "http_503");
  EXPECT_EQ(Sample(metrics, R"(data_path_failures_total{backend="c1",reason="http_503"})"), 1);
}

TEST(Metrics, ShowsNothingOfADeletedBackend) {
  Metrics metrics;
  for (const auto* id : {"c1", "c2", ""}) metrics.ExchangeEnded(Poll(id));
  metrics.Probed("c1", "ok");
  metrics.BackendLeft("c1", 3, 1);
  metrics.KeepBackends({"c2"});
  EXPECT_EQ(metrics.Expose().find(R"(backend="c1")"), std::string::npos);
  EXPECT_EQ(metrics.Expose().find("probes_total"), std::string::npos) << "nothing is left of it";
  EXPECT_EQ(Sample(metrics, R"(requests_total{backend="c2",endpoint="poll",status="200"})"), 1);
  EXPECT_EQ(Sample(metrics, R"(requests_total{backend="",endpoint="poll",status="200"})"), 1);
}

TEST(Metrics, GoesOnCountingForADeletedBackendsLastExchanges) {
  Metrics metrics;
  metrics.ExchangeEnded(Poll("c1"));
  metrics.KeepBackends({});
  metrics.ExchangeEnded(Poll("c1"));
  metrics.KeepBackends({"c1"});
  EXPECT_EQ(Sample(metrics, R"(requests_total{backend="c1",endpoint="poll",status="200"})"), 2);
}

TEST(Metrics, CountsConnectionsRetriesProbesAndReloads) {
  Metrics metrics;
  metrics.ClientConnected();
  metrics.ClientConnected();
  metrics.ClientDisconnected();
  metrics.ClientRefused("malformed");
  metrics.UpstreamConnected("http://c1:8080");
  metrics.UpstreamConnected("http://c1:8080");
  metrics.UpstreamDisconnected("http://c1:8080");
  metrics.Retried("c1", "connect");
  metrics.Probed("c1", "timeout");
  metrics.ConfigReloaded(true);
  metrics.ConfigReloaded(false);
  metrics.LogLinesDropped(5);
  metrics.HistoryRowsDropped(6);
  EXPECT_EQ(Sample(metrics, "client_connections"), 1);
  EXPECT_EQ(Sample(metrics, "client_connections_total"), 2);
  EXPECT_EQ(Sample(metrics, R"(client_errors_total{reason="malformed"})"), 1);
  EXPECT_EQ(Sample(metrics, R"(upstream_connections{address="http://c1:8080"})"), 1);
  EXPECT_EQ(Sample(metrics, R"(upstream_connections_total{address="http://c1:8080"})"), 2);
  EXPECT_EQ(Sample(metrics, R"(retries_total{backend="c1",reason="connect"})"), 1);
  EXPECT_EQ(Sample(metrics, R"(probes_total{backend="c1",result="timeout"})"), 1);
  EXPECT_EQ(Sample(metrics, R"(config_reloads_total{result="ok"})"), 1);
  EXPECT_EQ(Sample(metrics, R"(config_reloads_total{result="refused"})"), 1);
  EXPECT_EQ(Sample(metrics, "log_lines_dropped"), 5);
  EXPECT_EQ(Sample(metrics, "history_rows_dropped"), 6);
}

TEST(Metrics, CountsFailedRulesAndCallsOfServicesThatHelpToDecide) {
  Metrics metrics;
  metrics.RuleFailed("etl", "too_large");
  metrics.ExternalRouterAsked("ok");
  metrics.AuthProviderAsked("refused");
  EXPECT_EQ(Sample(metrics, R"(rule_failures_total{reason="too_large",rule="etl"})"), 1);
  EXPECT_EQ(Sample(metrics, R"(external_router_calls_total{result="ok"})"), 1);
  EXPECT_EQ(Sample(metrics, R"(auth_provider_calls_total{result="refused"})"), 1);
}

}  // namespace
}  // namespace gateway::telemetry
