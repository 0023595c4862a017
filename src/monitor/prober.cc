#include "monitor/prober.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include "protocol/query_id.h"

namespace gateway::monitor {
namespace {

namespace json = boost::json;

constexpr int kMaxPolls = 1000;

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

// "http://host:port/path?query" without what is before the path: a probe always talks to the
// address it was told.
std::string TargetOf(std::string_view uri) {
  const auto scheme = uri.find("://");
  const auto path =
      uri.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
  return path == std::string_view::npos ? std::string("/") : std::string(uri.substr(path));
}

std::string TextOf(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(json::string_view(name.data(), name.size()));
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
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
    auto text = response.content_type.starts_with("text/plain") ? response.body.substr(0, 200)
                                                                : std::string();
    return Fail(fmt::format("http_{}", response.status),
                fmt::format("{}: {} {}", what, response.status, text));
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
  request.fields = {{"X-Trino-User", options_.user},
                    {"X-Trino-Source", "trino-gateway-monitor"},
                    {"X-Presto-User", options_.user},
                    {"X-Presto-Source", "trino-gateway-monitor"}};
  request.body = options_.sql;
  for (int polls = 0; polls < kMaxPolls; ++polls) {
    const auto response = co_await client_.Fetch(request);
    if (!response) {
      co_return call.Fail("probe_query",
                          fmt::format("probe query: {}", response.error().message));
    }
    if (response->status != 200) {
      call.FailHttp("probe query", *response);
      call.findings.failure_class = "probe_query";
      co_return false;
    }
    boost::system::error_code ec;
    const auto answer = json::parse(response->body, ec);
    if (ec || !answer.is_object()) {
      co_return call.Fail("probe_query", "probe query: the answer is not JSON");
    }
    const auto& page = answer.get_object();
    if (const auto* error = page.if_contains("error"); error && error->is_object()) {
      co_return call.Fail("probe_query", fmt::format("probe query failed: {}",
                                                     TextOf(error->get_object(), "message")));
    }
    call.findings.coordinator_suffix = protocol::CoordinatorSuffix(TextOf(page, "id"));
    const auto next = TextOf(page, "nextUri");
    if (next.empty()) co_return true;
    request.method = "GET";
    request.body.clear();
    request.target = TargetOf(next);
  }
  co_return call.Fail("probe_query", "probe query: it does not end");
}

http::Awaitable<void> Prober::AskLoad(Call& call) {
  auto request = call.Request("GET", "/v1/queryState");
  request.fields = {{"X-Trino-User", options_.user}};
  request.body_limit = 16 * 1024 * 1024;
  const auto response = co_await client_.Fetch(std::move(request));
  if (response && response->status == 200) call.findings.load = ParseQueryCount(response->body);
}

}  // namespace gateway::monitor
