// Transaction ids that carry the cluster they live on: `<id>~<backend id>`.
//
// Trino hands a plain uuid to the client; the gateway appends the tag on the way out and cuts it
// off on the way in, so that every instance finds the cluster without shared state.
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gateway::protocol {

struct TaggedTransaction {
  std::string_view id;       // as Trino knows it; "NONE" is an id too
  std::string_view backend;  // empty when there is no tag
};

std::string TagTransaction(std::string_view id, std::string_view backend_id);

// Splits at the last '~'. What follows it is only a tag when it is a valid backend id.
TaggedTransaction SplitTransaction(std::string_view value);

// Is the header's value a transaction, and not "NONE" or empty?
bool NamesTransaction(std::string_view value);

}  // namespace gateway::protocol
