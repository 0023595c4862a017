// The values of an enum of the API, for errors that say what is allowed.
//
// Threads: pure function.
#pragma once

#include <string>

#include <google/protobuf/descriptor.h>

namespace gateway::rpc {

// "header_host, none": all that a field of that type may be.
std::string NamesOf(const google::protobuf::EnumDescriptor& type);

}  // namespace gateway::rpc
