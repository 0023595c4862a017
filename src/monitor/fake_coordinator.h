// A coordinator for tests: /v1/info, /v1/queryState and the statement protocol, with faults that a
// test switches on. For *_test.cc only.
//
// Threads: the event loop of `io` only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include "base/ranges.h"
#include "http/fake_server.h"

namespace gateway::monitor {

class FakeCoordinator {
 public:
  // What it does; may be changed at any time.
  struct Behaviour {
    std::string version = "476";
    bool starting = false;
    double uptime_seconds = 1000;
    bool process_forwarded = true;
    std::string suffix = "eif54";
    std::string query_error;              // of every query; empty: they succeed
    std::optional<int> live_queries = 2;  // nothing: /v1/queryState answers 404
    std::string info_answer;              // the whole answer to /v1/info instead
    std::string statement_answer;         // the whole answer to POST /v1/statement instead
    bool hangs = false;                   // nothing is answered
    bool polls_hang = false;              // GETs of queries are not answered
  };

  explicit FakeCoordinator(http::asio::io_context& io)
      : server_(io, [this](const http::FakeRequest& request) { return Handle(request); }) {}

  Behaviour behaviour;

  Url url() const { return server_.url(); }
  void Stop() { server_.Stop(); }
  auto open_connections() const { return server_.open(); }

  // The requests so far whose target begins so.
  std::vector<http::FakeRequest> Requests(std::string_view method, std::string_view target) const {
    std::vector<http::FakeRequest> found;
    for (const auto& request : server_.requests()) {
      if (request.method == method && request.target.starts_with(target)) found.push_back(request);
    }
    return found;
  }

 private:
  std::optional<std::string> Handle(const http::FakeRequest& request) const {
    if (behaviour.hangs) return std::nullopt;
    if (!behaviour.process_forwarded && !request.Field("X-Forwarded-Proto").empty()) {
      return http::Answer(406, "<html>not processed</html>", "Content-Type: text/html\r\n");
    }
    if (request.target == "/v1/info") return Info();
    if (request.target == "/v1/queryState") return QueryState();
    if (request.method == "DELETE") return http::Answer(204, "");
    if (request.target == "/v1/statement") {
      return behaviour.statement_answer.empty() ? Page("queued/") : behaviour.statement_answer;
    }
    if (behaviour.polls_hang) return std::nullopt;
    if (request.target.starts_with("/v1/statement/queued/")) return Page("executing/");
    if (request.target.starts_with("/v1/statement/executing/")) return Page("");
    return http::Answer(404, "");
  }

  std::string Info() const {
    if (!behaviour.info_answer.empty()) return behaviour.info_answer;
    return http::Answer(
        200, fmt::format(R"({{"nodeVersion":{{"version":"{}"}},"environment":"test",)"
                         R"("coordinator":true,"starting":{},"uptime":"{:.2f}s"}})",
                         behaviour.version, behaviour.starting, behaviour.uptime_seconds));
  }

  std::string QueryState() const {
    if (!behaviour.live_queries) return http::Answer(404, "");
    std::string queries;
    for (int i = 0; i < *behaviour.live_queries; ++i) queries += i == 0 ? "{}" : ",{}";
    return http::Answer(200, "[" + queries + "]");
  }

  // The nextUri names a host that does not exist: whoever follows it must keep to ours.
  std::string Page(std::string_view next) const {
    const auto id = "20261123_212752_00000_" + behaviour.suffix;
    if (!next.empty()) {
      return http::Answer(200,
                          fmt::format(R"({{"id":"{0}","nextUri":)"
                                      R"("http://nowhere.invalid:1/v1/statement/{1}{0}/y/1"}})",
                                      id, next));
    }
    if (behaviour.query_error.empty()) {
      return http::Answer(200, fmt::format(R"({{"id":"{}","data":[[1]]}})", id));
    }
    return http::Answer(
        200, fmt::format(R"({{"id":"{}","error":{{"message":"{}"}}}})", id, behaviour.query_error));
  }

  http::FakeServer server_;
};

}  // namespace gateway::monitor
