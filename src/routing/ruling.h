// Which of the policies that match a request decide, and the order of groups that follows. The one
// place where that rule is written down: decisions and explanations go by it.
//
// Threads: pure functions. Does not allocate once the caller's scratch has grown.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/ranges.h"
#include "model/snapshot.h"

namespace gateway::routing {

struct Ruling {
  std::span<const model::Policy* const> deciding;  // a part of what matched
  bool together = false;                           // by narrowing, not one alone
};

// `matching`: the matching policies of the highest priority, ordered as they decide (PolicyIndex).
// `narrowed` gets the ids of the groups that they lead to, ordered; empty although policies decide
// together: no group satisfies all of them. `led_to` is scratch.
Ruling Rule(std::span<const model::Policy* const> matching,
            std::vector<std::string_view>& narrowed,
            std::vector<std::string_view>& led_to);

// Why a group is tried. kRule: something else than policies named it; VisitGroups() itself says
// kPolicy of all that it is given.
enum class GroupOrigin : std::uint8_t {
  kPolicy,
  kPolicyFallback,
  kGroupFallback,
  kDefault,
  kRule,
};

// Calls `visit` for each group in the order in which they are tried; some come up repeatedly, and
// some may be disabled or not declared.
void VisitGroups(const Ruling& ruling,
                 std::span<const std::string_view> narrowed,
                 const model::Snapshot& snapshot,
                 FunctionRef<void(std::string_view id, GroupOrigin origin)> visit);

// "header_client_tags=etl, 2 conditions": what a policy asks for, in short.
void AppendSummary(std::string& text, const model::Policy& policy);

}  // namespace gateway::routing
