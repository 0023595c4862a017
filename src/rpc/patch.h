// Partial changes of messages by field masks.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/message.h>

#include "base/error.h"

namespace gateway::rpc {

// The mask's paths; when it is empty, the names of the fields that `patch` has. `id` and `etag` are
// left out: they say what is changed, and are not changed.
std::vector<std::string> PathsOf(const google::protobuf::FieldMask& mask,
                                 const google::protobuf::Message& patch);

// Takes the fields at `paths` ("is_enabled", "rule.value") over from `patch` to `target`, which is
// of the same type; lists and maps as a whole. A field that `patch` does not have is cleared.
// kInvalidArgument: there is no such field, or it is only shown (OUTPUT_ONLY): who names it in a
// patch, other than in a whole object that he writes back, believes that it does something.
[[nodiscard]] Expected<void> ApplyPatch(const google::protobuf::Message& patch,
                                        const std::vector<std::string>& paths,
                                        google::protobuf::Message& target);

}  // namespace gateway::rpc
