#include "monitor/prober.h"

#include <optional>

#include <fmt/format.h>

#include "protocol/query_id.h"

namespace gateway::monitor {
namespace {

constexpr int kMaxPolls = 1000;
constexpr std::chrono::seconds kCancelTimeout{1};

std::string_view FailureClass(const Error& error) {
  switch (error.code) {
    case ErrorCode::kRefused:
      return "refused";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kProtocol:
      return "protocol";
    default:
      return "broken";
  }
}

}  // namespace

// What belongs to one probe in progress.
struct Prober::Call {
  const Url& url;
  Clock::TimePoint deadline;
  Findings findings;

  http::ControlRequest Request(std::string method, std::string target) const {
    http::ControlRequest request;
    request.method = std::move(method);
    request.url = url;
    request.target = std::move(target);
    request.deadline = deadline;
    return request;
  }
  bool Fail(std::string failure_class, std::string reason) {
    findings.outcome = Findings::Outcome::kFailed;
    findings.failure_class = std::move(failure_class);
    findings.reason = std::move(reason);
    return false;
  }
  bool FailHttp(std::string_view what, const http::ControlResponse& response) {
    if (!response.location.empty()) {
      return Fail("redirect", fmt::format("{}: redirected to {} (a login?)", what,
                                          response.location.substr(0, 200)));
    }
    // What Trino says in plain text is one line; pages are for browsers.
    std::string text;
    if (response.content_type.starts_with("text/plain") && !response.body.empty()) {
      const auto line = response.body.substr(0, response.body.find_first_of("\r\n"));
      text = fmt::format(": {}", line.substr(0, 200));
    }
    return Fail(fmt::format("http_{}", response.status),
                fmt::format("{}: {}{}", what, response.status, text));
  }
  // Nothing when the answer is no page: the probe has failed.
  std::optional<QueryPage> ReadPage(const Expected<http::ControlResponse>& response) {
    if (response && response->status != 200) {
      FailHttp("probe query", *response);
      findings.failure_class = "probe_query";
      return std::nullopt;
    }
    auto page = response ? ParseQueryPage(response->body) : std::unexpected(response.error());
    if (!page) {
      Fail("probe_query", fmt::format("probe query: {}", page.error().message));
      return std::nullopt;
    }
    findings.coordinator_suffix = protocol::CoordinatorSuffix(page->id);
    return *page;
  }
};

Prober::Prober(http::ControlClient& client, const Clock& clock, const ProbeOptions& options)
    : client_(client), clock_(clock), options_(options) {}

http::Awaitable<Findings> Prober::Probe(Url url, const Memory& memory) {
  Call call{url, clock_.Now() + options_.timeout, {}};
  if (!co_await AskInfo(call)) co_return call.findings;
  if (memory.NeedsQuery(call.findings.info) && !co_await RunQuery(call)) co_return call.findings;
  co_await AskLoad(call);
  call.findings.outcome = Findings::Outcome::kOk;
  call.findings.failure_class = "ok";
  co_return call.findings;
}

http::Awaitable<bool> Prober::AskInfo(Call& call) {
  auto request = call.Request("GET", "/v1/info");
  // Clusters with http-server.process-forwarded=false answer 406 to it.
  request.fields.emplace_back("X-Forwarded-Proto", call.url.tls ? "https" : "http");
  auto response = co_await client_.Fetch(request);
  const bool refused = response && response->status == 406;
  if (refused) {
    request.fields.clear();
    response = co_await client_.Fetch(request);
  }
  if (!response) {
    co_return call.Fail(std::string(FailureClass(response.error())), response.error().message);
  }
  if (response->status != 200) co_return call.FailHttp("GET /v1/info", *response);
  const auto info = ParseInfo(response->body);
  if (!info) co_return call.Fail("not_trino", info.error().message);
  call.findings.process_forwarded = !refused;
  call.findings.info = *info;
  if (info->starting) {
    call.findings.outcome = Findings::Outcome::kStarting;
    call.findings.failure_class = "starting";
    call.findings.reason = "the coordinator is starting";
    co_return false;
  }
  co_return true;
}

http::Awaitable<bool> Prober::RunQuery(Call& call) {
  auto request = call.Request("POST", "/v1/statement");
  request.fields = UserFields(call.findings.info.version, options_.user);
  request.body = options_.sql;
  for (int polls = 0; polls < kMaxPolls; ++polls) {
    const auto page = call.ReadPage(co_await client_.Fetch(request));
    if (!page) break;
    if (!page->error.empty()) {
      co_return call.Fail("probe_query",
                          fmt::format("probe query failed: {}", page->error.substr(0, 500)));
    }
    if (page->target.empty()) co_return true;
    request.method = "GET";
    request.body.clear();
    request.target = page->target;
  }
  if (call.findings.reason.empty()) call.Fail("probe_query", "probe query: it does not end");
  if (request.method == "GET") co_await Cancel(std::move(request));
  co_return false;
}

// Else each probe of a cluster that is slow, or whose queue is full, would leave one more query
// there until the coordinator takes it for abandoned, five minutes later.
http::Awaitable<void> Prober::Cancel(http::ControlRequest request) {
  request.method = "DELETE";
  request.deadline = clock_.Now() + kCancelTimeout;
  co_await client_.Fetch(std::move(request));
}

http::Awaitable<void> Prober::AskLoad(Call& call) {
  auto request = call.Request("GET", "/v1/queryState");
  request.fields = UserFields(call.findings.info.version, options_.user);
  request.body_limit = 16 * 1024 * 1024;
  const auto response = co_await client_.Fetch(std::move(request));
  if (response && response->status == 200) call.findings.load = ParseQueryCount(response->body);
}

}  // namespace gateway::monitor
