// Groups between the model and the API.
//
// Threads: pure functions.
#pragma once

#include "base/error.h"
#include "model/configuration.h"
#include "rpc/convert_backend.h"
#include "trino/gateway/v1/group.pb.h"

namespace gateway::rpc {

v1::Group::RoutingStrategy ToProto(model::Strategy strategy);

v1::Group ToProto(const model::Group& group);

// `when_unset` also says what an unset `strategy` means: ROUND_ROBIN, or, with kDisabled,
// LEAST_LOAD.
Expected<model::Group> FromProto(const v1::Group& group, WhenUnset when_unset);

}  // namespace gateway::rpc
