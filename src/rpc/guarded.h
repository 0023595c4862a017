// Work whose caller waits for an answer: what it throws is one, too.
//
// Most of what can throw is the system being out of something: descriptors, threads, memory.
// Threads: any.
#pragma once

#include <exception>
#include <string_view>

#include "base/error.h"
#include "telemetry/logger.h"

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

// The other half of such an answer: says in the log what callers are not told. Does nothing with
// errors that are theirs.
void LogFault(telemetry::Logger& logger, std::string_view method, const Error& error);

}  // namespace gateway::rpc
