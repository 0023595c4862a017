// Backends between the model and the API.
//
// Threads: pure functions.
#pragma once

#include "admin/views.h"
#include "base/error.h"
#include "model/configuration.h"
#include "trino/gateway/v1/backend.pb.h"

namespace gateway::rpc {

namespace v1 = ::trino::gateway::v1;

// With what is known about it now.
v1::Backend ToProto(const admin::BackendView& view);
// What is declared, without what is known.
v1::Backend ToProto(const model::Backend& backend);

// What `is_enabled` means when it is not set.
enum class WhenUnset : bool { kDisabled, kEnabled };

// Of fields that say the same in two ways and contradict each other (`load_limit` and
// `threshold_cluster_load`; `url`, and `scheme` with `hostname`), clears the one that says what
// `stored` says: whoever reads an object, changes one field and writes it back means the other.
void TakeWhatChanged(v1::Backend& backend, const model::Backend& stored);

// Fields that writes do not set are left out. kInvalidArgument: no address, or two different ones.
// Values are checked by the service.
Expected<model::Backend> FromProto(const v1::Backend& backend, WhenUnset when_unset);

}  // namespace gateway::rpc
