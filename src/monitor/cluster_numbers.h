// Numbers of a cluster from where it shows them: /metrics, JMX, the UI; and its load.
//
// Threads: the event loop of the call's client.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "http/asio.h"
#include "model/snapshot.h"
#include "monitor/answers.h"
#include "monitor/probe_call.h"

namespace gateway::monitor {

// The values that `bounds` name, asked as `type` says (kMetrics, kJmx or kUiApi), each checked.
// A failure's class is "bounds" when one is missing or lies outside.
http::Awaitable<Probed<void>> CheckBounds(ProbeCall& call,
                                          ProbeType type,
                                          const std::vector<Bounds>& bounds,
                                          std::chrono::milliseconds timeout);

// What the cluster is busy with. `source` must not be kNone. kQueryState sets `listed`, too: it
// counts what AskLiveQueries() tells.
http::Awaitable<Probed<model::ClusterFigures>> AskFigures(
    ProbeCall& call,
    LoadSource source,
    std::chrono::milliseconds timeout,
    std::optional<std::vector<LiveQuery>>& listed);

// The queries that live on the coordinator.
http::Awaitable<Probed<std::vector<LiveQuery>>> AskLiveQueries(ProbeCall& call,
                                                               std::chrono::milliseconds timeout);

// One number for balancing, as the seed system weighs it: a query that runs counts 2, one that
// waits a third. Nothing when neither number is known, or they are nothing to reckon with.
std::optional<double> WeightedLoad(const model::ClusterFigures& figures);

}  // namespace gateway::monitor
