// Work whose caller waits for an answer: what it throws is one, too.
//
// Most of what can throw is the system being out of something: descriptors, threads, memory.
// Threads: any.
#pragma once

#include <exception>

#include "base/error.h"

namespace gateway::rpc {

// Calls `work`; an exception that leaves it becomes kInternal, which the caller logs: the message
// is not for callers.
template <typename Work>
Expected<void> Guarded(Work&& work) {
  try {
    work();
    return {};
  } catch (const std::exception& failure) {
    return Fail(ErrorCode::kInternal, failure.what());
  }
}

}  // namespace gateway::rpc
