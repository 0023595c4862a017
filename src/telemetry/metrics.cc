#include "telemetry/metrics.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "base/strings.h"

namespace gateway::telemetry {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using Labels = std::map<std::string, std::string>;

// From what an exchange on a local network takes to what Trino's longest polls do.
const Histogram::BucketBoundaries kSeconds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                              0.01,   0.025,   0.05,   0.1,   0.25,   0.5,
                                              1,      2.5,     5,      10,    30,     60};

double Seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

// The series that one kind of exchange adds to; they live as long as the registry.
struct ExchangeSeries {
  Counter* requests;
  Counter* bytes_in;
  Counter* bytes_out;
  Histogram* duration;
  Histogram* wait;
};

}  // namespace

struct Metrics::Impl {
  // Tells instances apart that follow each other at one address.
  static std::uint64_t NextInstance() {
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1) + 1;
  }
  const std::uint64_t instance = NextInstance();
  prometheus::Registry registry;

  Family<Counter>& CounterFamily(const std::string& name, const std::string& help) {
    return prometheus::BuildCounter().Name("trino_gateway_" + name).Help(help).Register(registry);
  }
  Family<Gauge>& GaugeFamily(const std::string& name, const std::string& help) {
    return prometheus::BuildGauge().Name("trino_gateway_" + name).Help(help).Register(registry);
  }
  Family<Histogram>& HistogramFamily(const std::string& name, const std::string& help) {
    return prometheus::BuildHistogram().Name("trino_gateway_" + name).Help(help).Register(registry);
  }

  Family<Counter>& requests = CounterFamily("requests_total", "Requests answered or given up");
  Family<Counter>& request_bytes = CounterFamily("request_bytes_total", "Bytes of request bodies");
  Family<Counter>& response_bytes =
      CounterFamily("response_bytes_total", "Bytes of response bodies");
  Family<Histogram>& duration = HistogramFamily(
      "request_duration_seconds", "Head of the request read until last byte of the answer written");
  Family<Histogram>& wait =
      HistogramFamily("upstream_wait_seconds", "Request sent until the head of the answer arrived");
  Family<Counter>& retries =
      CounterFamily("retries_total", "Attempts at a backend that failed and were repeated");
  Gauge& clients = GaugeFamily("client_connections", "Open connections of clients").Add({});
  Counter& clients_total =
      CounterFamily("client_connections_total", "Accepted connections of clients").Add({});
  Family<Counter>& client_errors =
      CounterFamily("client_errors_total", "Requests refused before they were understood");
  Family<Gauge>& upstreams =
      GaugeFamily("upstream_connections", "Open connections to backends, by address");
  Family<Counter>& upstreams_total =
      CounterFamily("upstream_connections_total", "Connections made to backends, by address");
  Family<Gauge>& healthy = GaugeFamily("backend_healthy", "1 while new queries may go there");
  Family<Gauge>& load = GaugeFamily(
      "backend_load", "Load at the last probe: 2 for a running query, a third for a waiting one");
  Family<Gauge>& running = GaugeFamily("backend_running_queries", "Queries that run there");
  Family<Gauge>& queued = GaugeFamily("backend_queued_queries", "Queries that wait there");
  Family<Gauge>& blocked =
      GaugeFamily("backend_blocked_queries", "Running queries that stand still");
  Family<Gauge>& workers = GaugeFamily("backend_active_workers", "Active workers of the cluster");
  Family<Gauge>& reserved =
      GaugeFamily("backend_reserved_memory_bytes", "Memory of the cluster's queries");
  Family<Gauge>& cpu =
      GaugeFamily("backend_cpu_seconds", "CPU time of the cluster's queries since its start");
  Family<Gauge>& in_flight = GaugeFamily("backend_in_flight", "Exchanges being relayed now");
  Family<Counter>& probes = CounterFamily("probes_total", "Health probes by their result");
  Family<Gauge>& live_queries = GaugeFamily(
      "backend_live_queries", "Queries submitted or polled through this gateway, not ended so far");
  Family<Gauge>& transactions =
      GaugeFamily("backend_open_transactions", "Transactions open through this gateway");
  Family<Counter>& state_changes =
      CounterFamily("backend_state_changes_total", "Changes of a backend's health, by the new one");
  Family<Counter>& data_path_failures = CounterFamily(
      "data_path_failures_total", "Exchanges that got no usable answer from a backend");
  Family<Counter>& rule_failures =
      CounterFamily("rule_failures_total", "Lua rules that failed and were passed over");
  Family<Counter>& router_calls =
      CounterFamily("external_router_calls_total", "Calls of the external router by their result");
  Family<Counter>& auth_calls = CounterFamily("auth_provider_calls_total",
                                              "Calls of the provider of delegated authentication");
  Family<Counter>& reloads =
      CounterFamily("config_reloads_total", "Reloads of the configuration file by their result");
  Counter& scrapes =
      CounterFamily("scrapes_total", "How often these metrics were written down").Add({});
  Gauge& log_lines_dropped =
      GaugeFamily("log_lines_dropped", "Log lines lost to a full queue since the start").Add({});
  Gauge& history_rows_dropped =
      GaugeFamily("history_rows_dropped", "Queries that the history lost since the start").Add({});

  // Gauges of backends come and go, and a removed one must not be written to any more.
  std::mutex gauges_mutex;
  std::map<std::string, std::map<Family<Gauge>*, Gauge*>, std::less<>> gauges;
  std::optional<std::set<std::string, std::less<>>> declared;  // nothing: all count as declared

  const ExchangeSeries& SeriesOf(const ExchangeRecord& record);
  void Set(std::string_view backend, Family<Gauge>& family, std::optional<double> value);
  void Unset(std::string_view backend, Family<Gauge>& family);
  bool IsOfADeletedBackend(const prometheus::ClientMetric& series) const;  // needs gauges_mutex
};

// Looking a series up takes the family's lock, so each thread remembers what it has looked up. The
// key is bounded: endpoints, declared backends, statuses.
const ExchangeSeries& Metrics::Impl::SeriesOf(const ExchangeRecord& record) {
  using Cache = std::unordered_map<std::string, ExchangeSeries, StringHash, std::equal_to<>>;
  static thread_local std::pair<std::uint64_t, Cache> cached{0, {}};
  if (cached.first != instance) cached = {instance, {}};

  static thread_local std::string key;
  key.assign(record.endpoint).append("\n").append(record.backend).append("\n");
  key += static_cast<char>(record.status / 256);
  key += static_cast<char>(record.status % 256);
  const auto known = cached.second.find(std::string_view(key));
  if (known != cached.second.end()) return known->second;

  const std::string endpoint(record.endpoint);
  const std::string backend(record.backend);
  const Labels both{{"endpoint", endpoint}, {"backend", backend}};
  const ExchangeSeries series{&requests.Add({{"endpoint", endpoint},
                                             {"backend", backend},
                                             {"status", std::to_string(record.status)}}),
                              &request_bytes.Add(both), &response_bytes.Add(both),
                              &duration.Add({{"endpoint", endpoint}}, kSeconds),
                              &wait.Add({{"backend", backend}}, kSeconds)};
  return cached.second.emplace(key, series).first->second;
}

void Metrics::Impl::Set(std::string_view backend,
                        Family<Gauge>& family,
                        std::optional<double> value) {
  // A scrape with NaN or Inf in it spoils sums and averages for good.
  if (!value || !std::isfinite(*value)) return Unset(backend, family);
  const std::lock_guard lock(gauges_mutex);
  const std::string id(backend);
  auto& gauge = gauges[id][&family];
  if (!gauge) gauge = &family.Add({{"backend", id}});
  gauge->Set(*value);
}

void Metrics::Impl::Unset(std::string_view backend, Family<Gauge>& family) {
  const std::lock_guard lock(gauges_mutex);
  const auto known = gauges.find(backend);
  if (known == gauges.end()) return;
  const auto gauge = known->second.find(&family);
  if (gauge == known->second.end()) return;
  family.Remove(gauge->second);
  known->second.erase(gauge);
}

bool Metrics::Impl::IsOfADeletedBackend(const prometheus::ClientMetric& series) const {
  return declared && std::ranges::any_of(series.label, [&](const auto& label) {
           // Requests that came to no backend have an empty one.
           return label.name == "backend" && !label.value.empty() &&
                  !declared->contains(label.value);
         });
}

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::ExchangeEnded(const ExchangeRecord& record) {
  const auto& series = impl_->SeriesOf(record);
  series.requests->Increment();
  series.bytes_in->Increment(static_cast<double>(record.bytes_in));
  series.bytes_out->Increment(static_cast<double>(record.bytes_out));
  series.duration->Observe(Seconds(record.total));
  if (record.upstream_wait.count() > 0) series.wait->Observe(Seconds(record.upstream_wait));
}

void Metrics::Retried(std::string_view backend, std::string_view reason) {
  impl_->retries.Add({{"backend", std::string(backend)}, {"reason", std::string(reason)}})
      .Increment();
}

void Metrics::ClientConnected() {
  impl_->clients.Increment();
  impl_->clients_total.Increment();
}

void Metrics::ClientDisconnected() { impl_->clients.Decrement(); }

void Metrics::ClientRefused(std::string_view reason) {
  impl_->client_errors.Add({{"reason", std::string(reason)}}).Increment();
}

void Metrics::UpstreamConnected(std::string_view address) {
  impl_->upstreams.Add({{"address", std::string(address)}}).Increment();
  impl_->upstreams_total.Add({{"address", std::string(address)}}).Increment();
}

void Metrics::UpstreamDisconnected(std::string_view address) {
  impl_->upstreams.Add({{"address", std::string(address)}}).Decrement();
}

void Metrics::BackendHealth(std::string_view backend, bool healthy) {
  impl_->Set(backend, impl_->healthy, healthy ? 1 : 0);
}

void Metrics::BackendLoad(std::string_view backend, std::optional<double> load) {
  impl_->Set(backend, impl_->load, load);
}

void Metrics::BackendFigures(std::string_view backend, const Figures& figures) {
  impl_->Set(backend, impl_->running, figures.running);
  impl_->Set(backend, impl_->queued, figures.queued);
  impl_->Set(backend, impl_->blocked, figures.blocked);
  impl_->Set(backend, impl_->workers, figures.active_workers);
  impl_->Set(backend, impl_->reserved, figures.reserved_bytes);
  impl_->Set(backend, impl_->cpu, figures.cpu_seconds);
}

void Metrics::BackendLeft(std::string_view backend, std::size_t queries, std::size_t transactions) {
  impl_->Set(backend, impl_->live_queries, static_cast<double>(queries));
  impl_->Set(backend, impl_->transactions, static_cast<double>(transactions));
}

void Metrics::HealthChanged(std::string_view backend,
                            std::string_view state,
                            std::string_view reason) {
  impl_->state_changes
      .Add({{"backend", std::string(backend)},
            {"state", std::string(state)},
            {"reason", std::string(reason)}})
      .Increment();
}

void Metrics::DataPathFailed(std::string_view backend, std::string_view reason) {
  impl_->data_path_failures
      .Add({{"backend", std::string(backend)}, {"reason", std::string(reason)}})
      .Increment();
}

void Metrics::BackendInFlight(std::string_view backend, std::int64_t in_flight) {
  impl_->Set(backend, impl_->in_flight, static_cast<double>(in_flight));
}

void Metrics::KeepBackends(std::set<std::string, std::less<>> declared) {
  const std::lock_guard lock(impl_->gauges_mutex);
  std::erase_if(impl_->gauges, [&](const auto& entry) {
    if (declared.contains(entry.first)) return false;
    for (const auto& [family, gauge] : entry.second) family->Remove(gauge);
    return true;
  });
  impl_->declared = std::move(declared);
}

void Metrics::Probed(std::string_view backend, std::string_view result) {
  impl_->probes.Add({{"backend", std::string(backend)}, {"result", std::string(result)}})
      .Increment();
}

void Metrics::RuleFailed(std::string_view rule, std::string_view reason) {
  impl_->rule_failures.Add({{"rule", std::string(rule)}, {"reason", std::string(reason)}})
      .Increment();
}

void Metrics::ExternalRouterAsked(std::string_view result) {
  impl_->router_calls.Add({{"result", std::string(result)}}).Increment();
}

void Metrics::AuthProviderAsked(std::string_view result) {
  impl_->auth_calls.Add({{"result", std::string(result)}}).Increment();
}

void Metrics::ConfigReloaded(bool ok) {
  impl_->reloads.Add({{"result", ok ? "ok" : "refused"}}).Increment();
}

void Metrics::Scraped() { impl_->scrapes.Increment(); }

void Metrics::LogLinesDropped(std::uint64_t total) {
  impl_->log_lines_dropped.Set(static_cast<double>(total));
}

void Metrics::HistoryRowsDropped(std::uint64_t total) {
  impl_->history_rows_dropped.Set(static_cast<double>(total));
}

std::string Metrics::Expose() const {
  auto families = impl_->registry.Collect();
  const std::lock_guard lock(impl_->gauges_mutex);
  for (auto& family : families) {
    std::erase_if(family.metric,
                  [&](const auto& series) { return impl_->IsOfADeletedBackend(series); });
  }
  std::erase_if(families, [](const auto& family) { return family.metric.empty(); });
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace gateway::telemetry
