// The key by which an external router's answers are kept: the facts that its answer depends on.
//
// Threads: pure functions. Memory: a key is as long as the values, which a request's head and the
// kept part of its body bound.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "rules/facts.h"

namespace gateway::rules {

// One part of the key by which answers are kept.
struct CacheKeyPart {
  enum class Kind : std::uint8_t {
    kUser,
    kSource,
    kClientTags,
    kClientAddress,
    kHost,
    kPort,
    kQueryType,
    kQueryCategory,
    kTables,
    kCatalogs,
    kText,
    kHeader,
  };
  Kind kind = Kind::kUser;
  std::string header;  // kHeader: its name

  bool operator==(const CacheKeyPart&) const = default;
};
// "user", "source", "client_tags", "client_address", "host", "port", "query_type",
// "query_category", "tables", "catalogs", "text", "header:NAME". kInvalidArgument: lists them.
Expected<CacheKeyPart> ParseCacheKeyPart(std::string_view text);

// Different for any two requests that differ in one of the parts.
std::string MakeCacheKey(const std::vector<CacheKeyPart>& parts, Facts& facts);

}  // namespace gateway::rules
