// Runs one query through the whole statement protocol, as any client would.
//
// Threads: the event loop of the call's client.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "http/asio.h"
#include "monitor/probe_call.h"

namespace gateway::monitor {

struct StatementResult {
  std::string query_id;
  std::vector<std::vector<std::string>> rows;  // values as text
  std::optional<bool> spooling;  // did the cluster put the rows into segments? nothing: no rows
};

// A failure's class is "probe_query" when the query was taken and then failed. A query that is
// given up is cancelled, so that a busy cluster does not collect them.
http::Awaitable<Probed<StatementResult>> RunStatement(ProbeCall& call,
                                                      std::string sql,
                                                      std::chrono::milliseconds timeout);

}  // namespace gateway::monitor
