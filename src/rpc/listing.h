// Pages and filters of lists.
//
// A page token is the last id of the page before, so pages stay right while objects come and go.
// Filter: `enabled=true health!=healthy id=etl-*`.
// Threads: pure functions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gateway::rpc {

// 0: 100. kInvalidArgument: negative, or above 1000.
Expected<std::size_t> PageSize(std::int32_t wanted);

// What a filter may ask for.
struct FilterTerm {
  std::string name;
  std::string value;
  bool prefix = false;  // it ended in `*`
  bool negated = false;

  // Compares without regard to case, so that enum names can be written as in the file.
  bool Matches(std::string_view text) const;
};

// kInvalidArgument: not of the form above, or a name that is not `allowed`.
Expected<std::vector<FilterTerm>> ParseFilter(std::string_view filter,
                                              const std::vector<std::string_view>& allowed);

// Do all terms hold? `values(name)` gives the object's values of that name, of which one is enough
// (and none, when negated, may match).
template <typename Values>
bool MatchesAll(const std::vector<FilterTerm>& terms, Values values) {
  return std::ranges::all_of(terms, [&](const FilterTerm& term) {
    const std::vector<std::string> found = values(term.name);
    const bool any =
        std::ranges::any_of(found, [&](const auto& text) { return term.Matches(text); });
    return any != term.negated;
  });
}

}  // namespace gateway::rpc
