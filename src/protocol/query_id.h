// Trino query ids: YYYYMMDD_HHMMSS_NNNNN_xxxxx.
//
// The last part, the suffix, is drawn once at each coordinator start, so it tells coordinators
// apart. (Trino: QueryIdGenerator; PrestoDB alike.)
// Threads: pure functions.
#pragma once

#include <string_view>

namespace gateway::protocol {

// 8 digits, 6 digits, at least 5 digits, then 1 to 32 of [A-Za-z0-9-]; at most 128 characters.
bool IsQueryId(std::string_view text);

// The part after the last '_'; empty when `text` is no query id.
std::string_view CoordinatorSuffix(std::string_view text);

}  // namespace gateway::protocol
