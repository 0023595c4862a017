// The headers If-Match and If-None-Match.
//
// Threads: pure functions. Source: RFC 9110 §8.8.3 (entity tags), §13.1.1, §13.1.2.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gateway::rpc {

struct EntityTag {
  std::string value;  // without its quotes
  bool weak = false;  // W/"..."

  bool operator==(const EntityTag&) const = default;
};

// What such a header lists.
struct EntityTags {
  bool any = false;  // `*`
  std::vector<EntityTag> tags = {};

  // Is `etag` (without quotes) one of them? The weak comparison, as If-None-Match has it.
  bool MatchWeakly(std::string_view etag) const;
};

// kInvalidArgument: neither `*` nor a list of entity tags, which are in double quotes.
Expected<EntityTags> ParseEntityTags(std::string_view header, std::string_view value);

// An If-Match as the field `etag` of messages says it: `*`, or our etags with commas between them.
// The strong comparison: a weak tag matches nothing, and neither does one that we never gave out.
// kInvalidArgument: as above. kAborted: nothing can match.
Expected<std::string> EtagFieldOf(std::string_view if_match);

}  // namespace gateway::rpc
