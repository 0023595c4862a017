// Fields of a binary request that its message does not have.
//
// Protobuf would pass over them. A client that is newer than we are would then believe that what it
// asked for was done, and a delete with a condition that we do not know would delete.
// Threads: pure function.
#pragma once

#include <google/protobuf/message.h>

#include "base/error.h"

namespace gateway::rpc {

// kInvalidArgument: `message`, or one inside of it, has a field that is not known; says which.
[[nodiscard]] Expected<void> CheckFieldsAreKnown(const google::protobuf::Message& message);

}  // namespace gateway::rpc
