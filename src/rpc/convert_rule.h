// Rules between the model and the API.
//
// Threads: pure functions.
#pragma once

#include "base/error.h"
#include "model/configuration.h"
#include "rpc/convert_backend.h"
#include "trino/gateway/v1/rule.pb.h"

namespace gateway::rpc {

v1::Rule ToProto(const model::Rule& rule);

Expected<model::Rule> FromProto(const v1::Rule& rule, WhenUnset when_unset);

}  // namespace gateway::rpc
