// What an error of ours is called on each transport.
//
// Threads: pure functions.
#pragma once

#include <string_view>

#include "base/error.h"

namespace gateway::rpc {

struct Status {
  std::string_view name;  // of gRPC, in lower case; REST and Twirp use the same names
  int grpc_code;          // grpc::StatusCode
  unsigned http_status;   // for REST
  unsigned twirp_http_status;
  std::string_view twirp_name;  // as `name`, but where Twirp has a word of its own
};

const Status& StatusOf(ErrorCode code);

// Error text for callers: what our own fault was stays in the log.
std::string_view MessageFor(const Error& error);

}  // namespace gateway::rpc
