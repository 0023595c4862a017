#include "monitor/prober.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "monitor/cluster_numbers.h"
#include "monitor/statement.h"
#include "protocol/query_id.h"

namespace gateway::monitor {
namespace {

using Checked = Probed<void>;

std::unexpected<Failure> Fail(std::string failure_class, std::string reason) {
  return std::unexpected(Failure{std::move(failure_class), std::move(reason)});
}

std::chrono::milliseconds InfoTimeout(const ProbeSettings& settings) {
  const auto step = std::ranges::find(settings.steps, ProbeType::kInfo, &ProbeStep::type);
  return step == settings.steps.end() ? ProbeStep{}.timeout : step->timeout;
}

http::Awaitable<Checked> AskInfo(ProbeCall& call, const ProbeTarget& target, Findings& findings) {
  const auto timeout = InfoTimeout(target.prepared->settings);
  auto request = call.Request("GET", "/v1/info", timeout, false);
  // Clusters with http-server.process-forwarded=false answer 406 to it.
  request.fields.emplace_back("X-Forwarded-Proto", target.url.tls ? "https" : "http");
  auto response = co_await call.Send("GET /v1/info", request);
  const bool refused = response && response->status == 406;
  if (refused) {
    request.fields.pop_back();
    response = co_await call.Send("GET /v1/info", request);
  }
  if (!response) co_return std::unexpected(response.error());
  if (response->status != 200) co_return std::unexpected(FailureOf("GET /v1/info", *response));
  const auto info = ParseInfo(response->body);
  if (!info) co_return Fail("not_trino", info.error().message);
  findings.process_forwarded = !refused;
  findings.info = *info;
  call.SetVersion(info->version);
  if (!info->coordinator) {
    co_return Fail("not_coordinator",
                   "GET /v1/info: this is a worker; the backend's url must be its coordinator's");
  }
  if (!info->starting) co_return Checked();
  findings.outcome = Findings::Outcome::kStarting;
  co_return Fail("starting", "the coordinator is starting");
}

// What stays the same while a coordinator runs.
http::Awaitable<void> AskIdentity(ProbeCall& call,
                                  std::chrono::milliseconds timeout,
                                  Findings& findings) {
  const auto response =
      co_await call.Fetch("GET /v1/status", call.Request("GET", "/v1/status", timeout));
  if (response) findings.coordinator_id = ParseNodeId(response->body);
}

http::Awaitable<Checked> RunQuery(ProbeCall& call, const ProbeStep& step, Findings& findings) {
  const auto result = co_await RunStatement(call, step.sql, step.timeout);
  if (!result) co_return std::unexpected(result.error());
  findings.coordinator_suffix = protocol::CoordinatorSuffix(result->query_id);
  findings.spooling = result->spooling;
  co_await AskIdentity(call, step.timeout, findings);
  if (!step.expect) co_return Checked();
  const bool empty = result->rows.empty() || result->rows.front().empty();
  const auto value = empty ? std::string("no row") : result->rows.front().front();
  if (!empty && value == *step.expect) co_return Checked();
  co_return Fail("result", fmt::format("probe query: the result is '{}', expected '{}'",
                                       value.substr(0, 100), *step.expect));
}

http::Awaitable<Checked> RunStep(ProbeCall& call,
                                 const ProbeStep& step,
                                 bool needs_query,
                                 Findings& findings) {
  switch (step.type) {
    case ProbeType::kInfo:
      break;  // was the first
    case ProbeType::kSql:
      if (needs_query || step.always) co_return co_await RunQuery(call, step, findings);
      break;
    case ProbeType::kMetrics:
    case ProbeType::kJmx:
    case ProbeType::kUiApi:
      co_return co_await CheckBounds(call, step.type, step.bounds, step.timeout);
  }
  co_return Checked();
}

// Load, and the number of workers where one is needed.
http::Awaitable<Checked> AskLoad(ProbeCall& call, const ProbeTarget& target, Findings& findings) {
  const auto& settings = target.prepared->settings;
  const int needed = settings.min_active_workers;
  if (settings.load_source == LoadSource::kNone) co_return Checked();
  // Before it is asked: what is submitted meanwhile may or may not be in it, and to count a query
  // twice for a moment is better than to send a burst to a cluster that seems idle.
  if (target.counters) findings.submissions_seen = target.counters->submissions.load();
  const auto figures =
      co_await AskFigures(call, settings.load_source, settings.load_timeout, findings.listed);
  if (!figures) {
    findings.load_reason = figures.error().reason;
    if (needed == 0) co_return Checked();
    co_return Fail("workers", fmt::format("the number of active workers is not known: {}",
                                          figures.error().reason));
  }
  findings.figures = *figures;
  findings.load = WeightedLoad(*figures);
  if (!findings.load) findings.load_reason = "the source does not tell it";
  if (needed == 0) co_return Checked();
  const auto& workers = figures->active_workers;
  if (!workers) {
    co_return Fail("workers", fmt::format("the source '{}' does not tell the number of active "
                                          "workers; at least {} are wanted",
                                          NameOf(settings.load_source), needed));
  }
  if (*workers >= needed) co_return Checked();
  co_return Fail("workers", fmt::format("{} active workers; at least {}", *workers, needed));
}

// What has to hold once /v1/info was good.
http::Awaitable<Checked> RunSteps(ProbeCall& call,
                                  const ProbeTarget& target,
                                  const Memory& memory,
                                  const Clock& clock,
                                  Findings& findings) {
  const auto& settings = target.prepared->settings;
  if (target.shared && Applies(*target.shared, memory, findings.info, clock.Now())) {
    TakeOver(*target.shared, memory, findings);
    if (target.shared->good) co_return Checked();
    co_return Fail(findings.failure_class, findings.reason);
  }
  const bool needs_query = memory.NeedsQuery(findings.info);
  for (const auto& step : settings.steps) {
    auto checked = co_await RunStep(call, step, needs_query, findings);
    if (!checked) co_return checked;
  }
  co_return co_await AskLoad(call, target, findings);
}

http::Awaitable<void> AskWhatLives(ProbeCall& call,
                                   std::chrono::milliseconds timeout,
                                   Findings& findings) {
  if (!findings.listed) {
    auto queries = co_await AskLiveQueries(call, timeout);
    if (!queries) co_return;  // then they count until Trino would abandon them
    findings.listed = std::move(*queries);
  }
  findings.living.emplace();
  // A gateway that was killed leaves its probe queries behind, of which nobody fetches the end.
  for (const auto& query : *findings.listed) {
    if (query.source != kProbeSource) findings.living->push_back(query.id);
  }
}

// While it is drained; and before that, too, if only the coordinator knows what runs on.
bool WantsToKnowWhatLives(const ProbeTarget& target, const Clock& clock) {
  return target.draining || (target.counters && target.counters->live.NeedsList(clock.Now()));
}

http::Awaitable<Checked> RunAll(ProbeCall& call,
                                const ProbeTarget& target,
                                const Memory& memory,
                                const Clock& clock,
                                Findings& findings) {
  if (!target.prepared->problem.empty()) {
    co_return Fail("credentials", target.prepared->problem);
  }
  auto checked = co_await AskInfo(call, target, findings);
  if (!checked) co_return checked;
  if (!target.only_lists) checked = co_await RunSteps(call, target, memory, clock, findings);
  // Whatever the steps found: a cluster without enough workers, as before it is shut down, still
  // runs the queries that a drain waits for. But one that hangs is to be noticed soon.
  const bool hangs = !checked && checked.error().failure_class == "timeout" && !target.draining;
  if (!hangs && WantsToKnowWhatLives(target, clock)) {
    co_await AskWhatLives(call, target.prepared->settings.load_timeout, findings);
  }
  co_return checked;
}

}  // namespace

PreparedSettings::PreparedSettings(ProbeSettings chosen) : settings(std::move(chosen)) {
  if (settings.credentials.tls == http::TlsOptions{}) return;
  auto made = http::TlsClient::Create(settings.credentials.tls);
  if (made) {
    tls = std::move(*made);
  } else {
    problem = made.error().message;
  }
}

http::Awaitable<Findings> Prober::Probe(ProbeTarget target, Memory memory) {
  const auto& settings = target.prepared->settings;
  ProbeCall call(client_, clock_, target.url, settings.credentials, target.prepared->tls,
                 !memory.BeyondDoubt());
  Findings findings;
  const auto checked = co_await RunAll(call, target, memory, clock_, findings);
  if (checked) {
    findings.outcome = Findings::Outcome::kOk;
    findings.failure_class = "ok";
  } else {
    findings.failure_class = checked.error().failure_class;
    findings.reason = checked.error().reason;
  }
  co_return findings;
}

}  // namespace gateway::monitor
