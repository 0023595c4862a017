#include "monitor/statement.h"

#include <fmt/format.h>

#include "monitor/answers.h"

namespace gateway::monitor {
namespace {

constexpr int kMaxPolls = 1000;
constexpr std::chrono::seconds kCancelTimeout{1};
constexpr std::string_view kWhat = "probe query";

// Adds one page's rows; the failure that the page tells, if it does.
std::optional<Failure> Take(QueryPage& page, StatementResult& result) {
  if (!page.id.empty()) result.query_id = std::move(page.id);
  if (!page.error.empty()) {
    return Failure{"probe_query", fmt::format("{} failed: {}", kWhat, page.error.substr(0, 500))};
  }
  if (page.spooling) result.spooling = page.spooling;
  for (auto& row : page.rows) {
    if (result.rows.size() < kMaxRows) result.rows.push_back(std::move(row));
  }
  return std::nullopt;
}

http::Awaitable<Probed<QueryPage>> FetchPage(ProbeCall& call, http::ControlRequest request) {
  const auto response = co_await call.Fetch(std::string(kWhat), std::move(request));
  if (!response) co_return std::unexpected(response.error());
  auto page = ParseQueryPage(response->body);
  if (page) co_return std::move(*page);
  Failure failure{"not_trino", fmt::format("{}: {}", kWhat, page.error().message)};
  co_return std::unexpected(std::move(failure));
}

}  // namespace

http::Awaitable<Probed<StatementResult>> RunStatement(ProbeCall& call,
                                                      std::string sql,
                                                      std::chrono::milliseconds timeout) {
  auto request = call.Request("POST", "/v1/statement", timeout);
  request.fields.emplace_back("X-Trino-Query-Data-Encoding", "json");
  request.body = std::move(sql);
  StatementResult result;
  Failure failure{"probe_query", fmt::format("{}: it does not end", kWhat)};
  for (int polls = 0; polls < kMaxPolls; ++polls) {
    auto page = co_await FetchPage(call, request);
    if (!page) {
      failure = std::move(page.error());
      break;
    }
    if (auto failed = Take(*page, result)) co_return std::unexpected(std::move(*failed));
    if (page->target.empty()) co_return result;
    request.method = "GET";
    request.body.clear();
    request.target = page->target;
  }
  if (request.method == "GET") {
    // Else each probe of a cluster that is slow, or whose queue is full, would leave one more query
    // there until the coordinator takes it for abandoned, five minutes later.
    request.method = "DELETE";
    request.deadline = call.Deadline(kCancelTimeout);
    co_await call.Send("cancel", std::move(request));
  }
  co_return std::unexpected(std::move(failure));
}

}  // namespace gateway::monitor
