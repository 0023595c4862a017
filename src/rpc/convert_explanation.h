// Explanations of queries for the API and for `trino-gateway explain --json`.
//
// Threads: pure function.
#pragma once

#include "explain/explainer.h"
#include "trino/gateway/v1/routing.pb.h"

namespace gateway::rpc {

// All but `recorded`.
::trino::gateway::v1::ExplainResponse ToProto(const explain::QueryExplanation& explanation);

}  // namespace gateway::rpc
