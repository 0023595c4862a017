// From JSON to messages, strictly: what is not known is refused by name, never ignored.
//
// As protobuf's JSON mapping says (https://protobuf.dev/programming-guides/json), fields by their
// name or their lowerCamelCase name, 64-bit integers as strings or numbers, null for "not set";
// enum names in any case, as the configuration file writes them in lower case. protobuf's own
// parser takes trailing commas, single quotes and bare words, and does not say which names are
// allowed. Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/message.h>

#include "base/error.h"

namespace gateway::rpc {

// Fills `message`, which is empty. `present`, when not null, gets the names of the top-level fields
// that were there, also with null. kProtocol: not JSON; the message says where. kInvalidArgument:
// an unknown field or enum name (says what is allowed), or a value of the wrong type.
[[nodiscard]] Expected<void> ReadJson(std::string_view json,
                                      google::protobuf::Message& message,
                                      std::vector<std::string>* present = nullptr);

// Sets the field at `path` ("backend.id", "page_size") from the text of a path or query parameter;
// a repeated field gets one more element. kInvalidArgument: as above.
[[nodiscard]] Expected<void> ReadParameter(std::string_view path,
                                           std::string_view text,
                                           google::protobuf::Message& message);

}  // namespace gateway::rpc
