// From messages to JSON, as the system that users come from writes it: all fields, by the names of
// the proto file, enums by name, 64-bit integers as strings. Messages and `optional` fields that
// are not set are left out. Bytes that are not UTF-8 are escaped.
//
// By reflection, and not by protobuf's own writer, which goes through a type resolver: that takes
// some ten times as long for a page of a thousand policies.
// Threads: pure function.
#pragma once

#include <string>

#include <google/protobuf/message.h>

namespace gateway::rpc {

// One line, without an end of line.
std::string WriteJson(const google::protobuf::Message& message);

}  // namespace gateway::rpc
