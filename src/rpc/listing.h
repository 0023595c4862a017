// Pages and filters of lists.
//
// A page token is the last id of the page before, so pages stay right while objects come and go.
// Filter: `enabled=true health!=healthy id=etl-*`. It is applied to all objects, so it is bounded.
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

inline constexpr std::size_t kMaxFilterBytes = 1024;
inline constexpr std::size_t kMaxFilterTerms = 16;

// The id after which the page begins; empty: with the first. kInvalidArgument: no id.
Expected<std::string_view> PageStart(std::string_view token);

// A name that filters may use.
struct FilterName {
  std::string_view name;
  std::vector<std::string_view> values = {};  // all that there are; empty: it is an id
};

// One condition of a filter.
struct FilterTerm {
  std::string name;
  std::string value;
  bool prefix = false;  // it ended in `*`
  bool negated = false;

  // Compares without regard to case, so that enum names can be written as in the file.
  bool Matches(std::string_view text) const;
};

// kInvalidArgument: not of the form above, too long, a name that is not `allowed`, or a value that
// nothing can have.
Expected<std::vector<FilterTerm>> ParseFilter(std::string_view filter,
                                              const std::vector<FilterName>& allowed);

// Do all terms hold? `values(name)` gives the object's values of that name, as views that live as
// long as the object: one that matches is enough (and none, when negated, may match).
template <typename Values>
bool MatchesAll(const std::vector<FilterTerm>& terms, Values values) {
  return std::ranges::all_of(terms, [&](const FilterTerm& term) {
    const std::vector<std::string_view> found = values(term.name);
    const bool any = std::ranges::any_of(found, [&](auto text) { return term.Matches(text); });
    return any != term.negated;
  });
}

}  // namespace gateway::rpc
