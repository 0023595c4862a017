// A coordinator for tests: what probes ask, with faults that a test switches on. For *_test.cc
// only.
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
    std::string query_error;  // of every query; empty: they succeed
    std::string node_id = "node1";
    std::string data = "[[1]]";             // of every query, as JSON
    std::optional<int> live_queries = 2;    // they run; nothing: /v1/queryState answers 404
    std::string old_query;                  // the id of one more that runs; empty: there is none
    std::string old_source;                 // of that one
    int queued_queries = 0;                 // shown by all but /v1/queryState
    std::optional<int> active_workers = 3;  // nothing: /metrics leaves it out
    std::string authorization;     // what everything but /v1/info wants to see; empty: nothing
    std::string ui_password;       // of the login form; empty: the UI is open
    std::string sso;               // not empty: the UI redirects there
    std::string info_answer;       // the whole answer to /v1/info instead
    std::string statement_answer;  // the whole answer to POST /v1/statement instead
    bool hangs = false;            // nothing is answered
    bool polls_hang = false;       // GETs of queries are not answered
  };

  explicit FakeCoordinator(http::asio::io_context& io)
      : server_(io, [this](const http::FakeRequest& request) { return Handle(request); }) {}

  Behaviour behaviour;

  Url url() const { return server_.url(); }
  void Stop() { server_.Stop(); }
  void Forget() { server_.Forget(); }
  auto open_connections() const { return server_.open(); }
  auto connections() const { return server_.connections(); }

  // The requests so far whose target begins so.
  std::vector<http::FakeRequest> Requests(std::string_view method, std::string_view target) const {
    std::vector<http::FakeRequest> found;
    for (const auto& request : server_.requests()) {
      if (request.method == method && request.target.starts_with(target)) found.push_back(request);
    }
    return found;
  }

  std::size_t Count(std::string_view method, std::string_view target) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(server_.requests(), [&](const http::FakeRequest& request) {
          return request.method == method && request.target.starts_with(target);
        }));
  }

 private:
  std::optional<std::string> Handle(const http::FakeRequest& request) const {
    if (behaviour.hangs) return std::nullopt;
    if (!behaviour.process_forwarded && !request.Field("X-Forwarded-Proto").empty()) {
      return http::Answer(406, "<html>not processed</html>", "Content-Type: text/html\r\n");
    }
    if (request.target == "/v1/info") return Info();
    if (request.target.starts_with("/ui/")) return Ui(request);
    if (request.Field("Authorization") != behaviour.authorization) {
      return http::Answer(401, "Unauthorized", "Content-Type: text/plain\r\n");
    }
    if (request.target == "/v1/queryState") return QueryState();
    if (request.target == "/v1/status") {
      return http::Answer(200, fmt::format(R"({{"nodeId":"{}"}})", behaviour.node_id));
    }
    if (request.target.starts_with("/metrics")) return Metrics();
    if (request.target.starts_with("/v1/jmx/mbean/")) return Mbean(request.target.substr(14));
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
    for (int i = 0; i < *behaviour.live_queries; ++i) {
      queries += fmt::format(R"({}{{"queryId":"q{}","queryState":"RUNNING"}})", i ? "," : "", i);
    }
    if (!behaviour.old_query.empty()) {
      queries += fmt::format(R"({}{{"queryId":"{}","queryState":"RUNNING","source":"{}"}})",
                             queries.empty() ? "" : ",", behaviour.old_query, behaviour.old_source);
    }
    return http::Answer(200, "[" + queries + "]");
  }

  std::string Metrics() const {
    std::string nodes;
    if (behaviour.active_workers) {
      nodes = fmt::format("trino_metadata_name_DiscoveryNodeManager_ActiveNodeCount {}.0\n",
                          *behaviour.active_workers);
    }
    return http::Answer(
        200,
        fmt::format("# TYPE trino_execution_name_QueryManager_RunningQueries gauge\n"
                    "trino_execution_name_QueryManager_RunningQueries {}.0\n"
                    "trino_execution_name_QueryManager_QueuedQueries {}.0\n"
                    "{}# EOF\n",
                    behaviour.live_queries.value_or(0), behaviour.queued_queries, nodes),
        "Content-Type: application/openmetrics-text\r\n");
  }

  std::string Mbean(std::string_view name) const {
    const auto attributes = [](std::string_view one, int first, std::string_view other,
                               int second) {
      return http::Answer(200, fmt::format(R"({{"attributes":[{{"name":"{}","value":{}}},)"
                                           R"({{"name":"{}","value":{}}}]}})",
                                           one, first, other, second));
    };
    if (name == "trino.execution:name=QueryManager") {
      return attributes("RunningQueries", behaviour.live_queries.value_or(0), "QueuedQueries",
                        behaviour.queued_queries);
    }
    if (name == "trino.metadata:name=DiscoveryNodeManager") {
      return attributes("ActiveNodeCount", behaviour.active_workers.value_or(0),
                        "InactiveNodeCount", 0);
    }
    if (name == "trino.memory:name=ClusterMemoryManager") {
      return attributes("ClusterTotalMemoryReservation", 4096, "ClusterMemoryBytes", 8192);
    }
    return http::Answer(500, "javax.management.InstanceNotFoundException\n\tat ...",
                        "Content-Type: text/plain\r\n");
  }

  std::string Ui(const http::FakeRequest& request) const {
    if (!behaviour.sso.empty()) {
      return http::Answer(302, "", fmt::format("Location: {}\r\n", behaviour.sso));
    }
    if (request.target == "/ui/login") {
      const bool right =
          request.body == fmt::format("username=probe-user&password={}", behaviour.ui_password);
      return http::Answer(303, "",
                          right ? "Location: http://x/ui/\r\n"
                                  "Set-Cookie: Trino-UI-Token=abc;Path=/ui;HttpOnly\r\n"
                                : "Location: http://x/ui/login.html\r\n");
    }
    if (!behaviour.ui_password.empty() && request.Field("Cookie") != "Trino-UI-Token=abc") {
      return http::Answer(401, "Unauthorized", "Content-Type: text/plain\r\n");
    }
    return http::Answer(
        200, fmt::format(R"({{"runningQueries":{},"blockedQueries":1,"queuedQueries":{},)"
                         R"("activeWorkers":{},"reservedMemory":132.0,"totalCpuTimeSecs":2}})",
                         behaviour.live_queries.value_or(0), behaviour.queued_queries,
                         behaviour.active_workers.value_or(0)));
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
      return http::Answer(200, fmt::format(R"({{"id":"{}","data":{}}})", id, behaviour.data));
    }
    return http::Answer(
        200, fmt::format(R"({{"id":"{}","error":{{"message":"{}"}}}})", id, behaviour.query_error));
  }

  http::FakeServer server_;
};

}  // namespace gateway::monitor
