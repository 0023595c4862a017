// Policies between the model and the API.
//
// Threads: pure functions.
#pragma once

#include "base/error.h"
#include "model/configuration.h"
#include "rpc/convert_backend.h"
#include "trino/gateway/v1/policy.pb.h"

namespace gateway::rpc {

v1::Policy::Rule::RuleType ToProto(model::RuleType type);

v1::Policy ToProto(const model::Policy& policy);

Expected<model::Policy> FromProto(const v1::Policy& policy, WhenUnset when_unset);

}  // namespace gateway::rpc
