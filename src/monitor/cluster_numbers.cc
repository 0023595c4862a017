#include "monitor/cluster_numbers.h"

#include <cmath>

#include <fmt/format.h>

#include "base/ranges.h"
#include "monitor/statement.h"
#include "monitor/ui_login.h"

namespace gateway::monitor {
namespace {

constexpr std::size_t kBodyLimit = 16 * 1024 * 1024;
constexpr std::string_view kQueryManager = "trino.execution:name=QueryManager";
constexpr std::string_view kMemoryManager = "trino.memory:name=ClusterMemoryManager";
constexpr std::string_view kNodeManager = "trino.metadata:name=DiscoveryNodeManager";

std::optional<double> Find(const Numbers& numbers, std::string_view name) {
  const auto found = numbers.find(name);
  return found == numbers.end() ? std::nullopt : std::optional(found->second);
}

// What an answer that does not have the expected form is.
std::unexpected<Failure> NotTrino(std::string_view what) {
  return std::unexpected(Failure{"not_trino", fmt::format("{}: not what Trino answers", what)});
}

http::Awaitable<Probed<Numbers>> AskMetrics(ProbeCall& call,
                                            const std::vector<std::string>& names,
                                            std::chrono::milliseconds timeout) {
  // The whole answer has a megabyte.
  std::string target = "/metrics";
  for (const auto& name : names) {
    // A sample's labels are no part of the filter.
    target += fmt::format("{}name%5B%5D={}", target.size() == 8 ? '?' : '&',
                          name.substr(0, name.find('{')));
  }
  auto request = call.Request("GET", std::move(target), timeout);
  request.accept = "application/openmetrics-text, text/plain";
  request.body_limit = kBodyLimit;
  const auto response = co_await call.Fetch("GET /metrics", std::move(request));
  if (!response) co_return std::unexpected(response.error());
  co_return ParseMetrics(response->body);
}

http::Awaitable<Probed<Numbers>> AskMbean(ProbeCall& call,
                                          std::string mbean,
                                          std::chrono::milliseconds timeout) {
  auto request = call.Request("GET", "/v1/jmx/mbean/" + mbean, timeout);
  request.body_limit = kBodyLimit;
  const auto what = fmt::format("GET /v1/jmx/mbean/{}", mbean);
  const auto response = co_await call.Fetch(what, std::move(request));
  if (!response) co_return std::unexpected(response.error());
  auto numbers = ParseMbean(response->body);
  if (!numbers) co_return NotTrino(what);
  co_return std::move(*numbers);
}

// Attributes as "mbean/attribute", each mbean asked once.
http::Awaitable<Probed<Numbers>> AskAttributes(ProbeCall& call,
                                               const std::vector<std::string>& names,
                                               std::chrono::milliseconds timeout) {
  Numbers numbers;
  std::vector<std::string> asked;
  for (const auto& name : names) {
    auto mbean = name.substr(0, name.rfind('/'));
    if (Contains(asked, mbean)) continue;
    const auto attributes = co_await AskMbean(call, mbean, timeout);
    if (!attributes) co_return std::unexpected(attributes.error());
    for (const auto& [attribute, value] : *attributes) {
      numbers.emplace(fmt::format("{}/{}", mbean, attribute), value);
    }
    asked.push_back(std::move(mbean));
  }
  co_return numbers;
}

http::Awaitable<Probed<Numbers>> AskUi(ProbeCall& call, std::chrono::milliseconds timeout) {
  const auto response = co_await FetchFromUi(call, "/ui/api/stats", timeout);
  if (!response) co_return std::unexpected(response.error());
  auto numbers = ParseNumbers(response->body);
  if (!numbers) co_return NotTrino("GET /ui/api/stats");
  co_return std::move(*numbers);
}

http::Awaitable<Probed<Numbers>> Ask(ProbeCall& call,
                                     ProbeType type,
                                     const std::vector<std::string>& names,
                                     std::chrono::milliseconds timeout) {
  if (type == ProbeType::kMetrics) co_return co_await AskMetrics(call, names, timeout);
  if (type == ProbeType::kJmx) co_return co_await AskAttributes(call, names, timeout);
  co_return co_await AskUi(call, timeout);
}

http::Awaitable<Probed<model::ClusterFigures>> AskMetricsFigures(
    ProbeCall& call, std::chrono::milliseconds timeout) {
  const std::vector<std::string> names = {
      "trino_execution_name_QueryManager_RunningQueries",
      "trino_execution_name_QueryManager_QueuedQueries",
      "trino_execution_name_QueryManager_FullyBlockedQueries",
      "trino_metadata_name_DiscoveryNodeManager_ActiveNodeCount",
      "trino_memory_name_ClusterMemoryManager_ClusterTotalMemoryReservation"};
  const auto numbers = co_await AskMetrics(call, names, timeout);
  if (!numbers) co_return std::unexpected(numbers.error());
  co_return model::ClusterFigures{Find(*numbers, names[0]), Find(*numbers, names[1]),
                                  Find(*numbers, names[2]), Find(*numbers, names[3]),
                                  Find(*numbers, names[4]), std::nullopt};
}

http::Awaitable<Probed<model::ClusterFigures>> AskJmxFigures(ProbeCall& call,
                                                             std::chrono::milliseconds timeout) {
  const std::vector<std::string> names = {
      fmt::format("{}/RunningQueries", kQueryManager),
      fmt::format("{}/QueuedQueries", kQueryManager),
      fmt::format("{}/FullyBlockedQueries", kQueryManager),
      fmt::format("{}/ActiveNodeCount", kNodeManager),
      fmt::format("{}/ClusterTotalMemoryReservation", kMemoryManager)};
  const auto numbers = co_await AskAttributes(call, names, timeout);
  if (!numbers) co_return std::unexpected(numbers.error());
  co_return model::ClusterFigures{Find(*numbers, names[0]), Find(*numbers, names[1]),
                                  Find(*numbers, names[2]), Find(*numbers, names[3]),
                                  Find(*numbers, names[4]), std::nullopt};
}

http::Awaitable<Probed<model::ClusterFigures>> AskUiFigures(ProbeCall& call,
                                                            std::chrono::milliseconds timeout) {
  const auto numbers = co_await AskUi(call, timeout);
  if (!numbers) co_return std::unexpected(numbers.error());
  co_return model::ClusterFigures{
      Find(*numbers, "runningQueries"), Find(*numbers, "queuedQueries"),
      Find(*numbers, "blockedQueries"), Find(*numbers, "activeWorkers"),
      Find(*numbers, "reservedMemory"), Find(*numbers, "totalCpuTimeSecs")};
}

// Adds `count` queries in that state.
void Count(std::string_view state, double count, model::ClusterFigures& figures) {
  if (state == "FINISHED" || state == "FAILED") return;
  const bool waits = state == "QUEUED" || state == "STARTING" || state == "WAITING_FOR_RESOURCES";
  auto& sum = waits ? figures.queued : figures.running;
  sum = sum.value_or(0) + count;
}

http::Awaitable<Probed<model::ClusterFigures>> AskSqlFigures(ProbeCall& call,
                                                             std::chrono::milliseconds timeout) {
  // Not by user, as the seed system does: the monitor's user may have other queries.
  const auto result = co_await RunStatement(
      call,
      "SELECT state, count(*) FROM system.runtime.queries WHERE coalesce(source, '') <> "
      "'trino-gateway-monitor' AND state NOT IN ('FINISHED', 'FAILED') GROUP BY state "
      "UNION ALL SELECT 'workers', count(*) FROM system.runtime.nodes WHERE state = 'active' AND "
      "NOT coordinator",
      timeout);
  if (!result) co_return std::unexpected(result.error());
  model::ClusterFigures figures{.running = 0, .queued = 0};
  for (const auto& row : result->rows) {
    const auto number = row.size() == 2 ? ParseNumber(row[1]) : std::nullopt;
    if (!number) co_return NotTrino("load query");
    if (row[0] == "workers") {
      figures.active_workers = *number;
    } else {
      Count(row[0], *number, figures);
    }
  }
  co_return figures;
}

model::ClusterFigures FiguresOf(const std::vector<LiveQuery>& queries) {
  model::ClusterFigures figures{.running = 0, .queued = 0, .blocked = 0};
  for (const auto& query : queries) {
    Count(query.state, 1, figures);
    if (query.blocked) figures.blocked = *figures.blocked + 1;
  }
  return figures;
}

std::optional<Failure> Check(const Bounds& bounds, const Numbers& numbers) {
  const auto value = Find(numbers, bounds.name);
  if (!value) return Failure{"bounds", fmt::format("{} is not told", bounds.name)};
  if (bounds.minimum && *value < *bounds.minimum) {
    return Failure{"bounds",
                   fmt::format("{} is {}; at least {}", bounds.name, *value, *bounds.minimum)};
  }
  if (bounds.maximum && *value > *bounds.maximum) {
    return Failure{"bounds",
                   fmt::format("{} is {}; at most {}", bounds.name, *value, *bounds.maximum)};
  }
  return std::nullopt;
}

}  // namespace

http::Awaitable<Probed<void>> CheckBounds(ProbeCall& call,
                                          ProbeType type,
                                          const std::vector<Bounds>& bounds,
                                          std::chrono::milliseconds timeout) {
  std::vector<std::string> names;
  names.reserve(bounds.size());
  for (const auto& one : bounds) names.push_back(one.name);
  const auto numbers = co_await Ask(call, type, names, timeout);
  if (!numbers) co_return std::unexpected(numbers.error());
  for (const auto& one : bounds) {
    if (auto failed = Check(one, *numbers)) co_return std::unexpected(std::move(*failed));
  }
  co_return Probed<void>();
}

http::Awaitable<Probed<std::vector<LiveQuery>>> AskLiveQueries(ProbeCall& call,
                                                               std::chrono::milliseconds timeout) {
  auto request = call.Request("GET", "/v1/queryState", timeout);
  request.body_limit = kBodyLimit;
  const auto response = co_await call.Fetch("GET /v1/queryState", std::move(request));
  if (!response) co_return std::unexpected(response.error());
  auto queries = ParseQueryState(response->body);
  if (!queries) co_return NotTrino("GET /v1/queryState");
  co_return std::move(*queries);
}

http::Awaitable<Probed<model::ClusterFigures>> AskFigures(
    ProbeCall& call,
    LoadSource source,
    std::chrono::milliseconds timeout,
    std::optional<std::vector<LiveQuery>>& listed) {
  switch (source) {
    case LoadSource::kSql:
      co_return co_await AskSqlFigures(call, timeout);
    case LoadSource::kMetrics:
      co_return co_await AskMetricsFigures(call, timeout);
    case LoadSource::kJmx:
      co_return co_await AskJmxFigures(call, timeout);
    case LoadSource::kUiApi:
      co_return co_await AskUiFigures(call, timeout);
    case LoadSource::kQueryState:
    case LoadSource::kNone:
      break;
  }
  auto queries = co_await AskLiveQueries(call, timeout);
  if (!queries) co_return std::unexpected(queries.error());
  listed = std::move(*queries);
  co_return FiguresOf(*listed);
}

std::optional<double> WeightedLoad(const model::ClusterFigures& figures) {
  if (!figures.running && !figures.queued) return std::nullopt;
  const auto load = 2 * figures.running.value_or(0) + figures.queued.value_or(0) / 3;
  return std::isfinite(load) ? std::optional(load) : std::nullopt;
}

}  // namespace gateway::monitor
