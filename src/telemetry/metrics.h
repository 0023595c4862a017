// Everything that /metrics shows, in the Prometheus text format.
//
// Names begin with trino_gateway_. Labels are bounded: endpoints, backend ids, status codes.
// Threads: all calls from any thread. Cost: ExchangeEnded() is one hash lookup and a few additions;
// its series are looked up once per thread and label set and then remembered. The others lock a
// family of series for a moment: they are called once a connection, retry or probe. Memory:
// counters of a deleted backend stay, since threads remember them, but are not shown; its gauges
// go.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "telemetry/exchange_record.h"

namespace gateway::telemetry {

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // requests_total{endpoint,backend,status}, request_bytes_total, response_bytes_total,
  // request_duration_seconds{endpoint} and upstream_wait_seconds{backend} histograms.
  void ExchangeEnded(const ExchangeRecord& record);

  // retries_total{backend,reason}: an attempt at `backend` failed and another was made.
  void Retried(std::string_view backend, std::string_view reason);

  // client_connections, client_connections_total; client_errors_total{reason} for requests that
  // were refused before they had an endpoint (malformed, too large, timeout).
  void ClientConnected();
  void ClientDisconnected();
  void ClientRefused(std::string_view reason);

  // upstream_connections{address}, upstream_connections_total{address}.
  void UpstreamConnected(std::string_view address);
  void UpstreamDisconnected(std::string_view address);

  // backend_healthy{backend} 1/0, backend_load{backend}, backend_in_flight{backend}. A load that is
  // unknown or no finite number has no series.
  void BackendHealth(std::string_view backend, bool healthy);
  void BackendLoad(std::string_view backend, std::optional<double> load);
  void BackendInFlight(std::string_view backend, std::int64_t in_flight);

  // What the cluster told of its load: backend_running_queries{backend}, backend_queued_queries,
  // backend_blocked_queries, backend_active_workers, backend_reserved_memory_bytes,
  // backend_cpu_seconds. What is unknown has no series.
  struct Figures {
    std::optional<double> running;
    std::optional<double> queued;
    std::optional<double> blocked;
    std::optional<double> active_workers;
    std::optional<double> reserved_bytes;
    std::optional<double> cpu_seconds;
  };
  void BackendFigures(std::string_view backend, const Figures& figures);

  // What a drain would have to wait for: backend_live_queries{backend},
  // backend_open_transactions{backend}.
  void BackendLeft(std::string_view backend, std::size_t queries, std::size_t transactions);

  // These are all that are declared: what is known of others is not shown from now on. One that is
  // declared again later goes on with its counters.
  void KeepBackends(std::set<std::string, std::less<>> declared);

  // backend_state_changes_total{backend,state,reason}: `reason` is "ok" or a failure class.
  void HealthChanged(std::string_view backend, std::string_view state, std::string_view reason);

  // data_path_failures_total{backend,reason}: an exchange got no usable answer from it.
  void DataPathFailed(std::string_view backend, std::string_view reason);

  // probes_total{backend,result}: result is "ok" or a failure class.
  void Probed(std::string_view backend, std::string_view result);

  // rule_failures_total{rule,reason}: a Lua rule failed or went over a limit, and was passed over.
  void RuleFailed(std::string_view rule, std::string_view reason);

  // external_router_calls_total{result} and auth_provider_calls_total{result}: "ok", "refused" or a
  // failure class; what came from a cache is no call.
  void ExternalRouterAsked(std::string_view result);
  void AuthProviderAsked(std::string_view result);

  // config_reloads_total{result}.
  void ConfigReloaded(bool ok);

  // scrapes_total: how often the text for a scrape was made; within a moment it serves several.
  void Scraped();

  // log_lines_dropped; the logger keeps the count.
  void LogLinesDropped(std::uint64_t total);

  // history_rows_dropped; the history's writer keeps the count.
  void HistoryRowsDropped(std::uint64_t total);

  // The whole text for a scrape (text/plain; version=0.0.4).
  std::string Expose() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gateway::telemetry
